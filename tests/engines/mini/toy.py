"""Weights that paint nothing to be recognised: small random graphs which keep to the real ones' inputs and outputs."""

import hashlib
import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

SIDE, PATCH, WORDS, WORD_SIZE, UPSCALE = 16, 4, 8, 6, 4
DEPTH = PATCH * PATCH * 3
VOCABULARY = ["a", "red", "blue", "fox", "in", "snow", "##y", "box"]


def toy_weights(folder, **manifest):
    """Writes the four files and their manifest, whose entries `manifest` replaces; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_model(painter(), folder / "painter.onnx")
    save_model(upscaler(), folder / "upscaler.onnx")
    dice = np.random.default_rng(3)
    table = dice.integers(-127, 128, (len(VOCABULARY), WORD_SIZE)).astype(np.int8)
    np.savez(folder / "words.npz", table=table, scales=np.full(len(VOCABULARY), 1 / 64, np.float16))
    (folder / "vocabulary.txt").write_text("\n".join(VOCABULARY) + "\n", "utf-8")
    written = {
        "format": 1,
        "name": "limner-mini",
        "version": "0.0.0",
        "toy": True,
        "architecture": {
            "side": SIDE,
            "patch": PATCH,
            "words": WORDS,
            "word_size": WORD_SIZE,
            "upscale": UPSCALE,
            "parameters": 5_000,
        },
        "files": {
            file.name: {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
            for file in sorted(folder.iterdir())
            if file.name != "manifest.json"
        },
    }
    (folder / "manifest.json").write_text(json.dumps(written | manifest), "utf-8")
    return folder


def painter():
    """clean = tanh(patches · A + mean(words) · B + positions · C + time · d)"""
    dice = np.random.default_rng(1)
    shapes = {"A": (DEPTH, DEPTH), "B": (WORD_SIZE, DEPTH), "C": (2, DEPTH), "d": (DEPTH,)}
    scales = {"A": 0.1, "B": 0.5, "C": 0.2, "d": 0.3}
    constants = {name: dice.standard_normal(shape).astype(np.float32) * scales[name] for name, shape in shapes.items()}
    constants |= {"last": np.array([-1]), "middle": np.array([1]), "both": np.array([1, 2])}
    constants["one"] = np.array(1, np.float32)
    nodes = [
        ("Unsqueeze", ["known", "last"], "mask"),
        ("Mul", ["words", "mask"], "masked"),
        ("ReduceSum", ["masked", "middle"], "total"),
        ("ReduceSum", ["mask", "middle"], "count"),
        ("Add", ["count", "one"], "weight"),
        ("Div", ["total", "weight"], "mean"),
        ("MatMul", ["mean", "B"], "meaning"),
        ("MatMul", ["patches", "A"], "seen"),
        ("MatMul", ["positions", "C"], "place"),
        ("Unsqueeze", ["time", "both"], "moment"),
        ("Mul", ["moment", "d"], "lateness"),
        ("Sum", ["seen", "meaning", "place", "lateness"], "total_of_all"),
        ("Tanh", ["total_of_all"], "clean"),
    ]
    inputs = {
        "patches": ["b", "n", DEPTH],
        "positions": ["b", "n", 2],
        "time": ["b"],
        "words": ["b", WORDS, WORD_SIZE],
        "known": ["b", WORDS],
    }
    return graph(nodes, inputs, {"clean": ["b", "n", DEPTH]}, constants)


def upscaler():
    scales = np.array([1, 1, UPSCALE, UPSCALE], np.float32)
    nodes = [("Resize", ["small", "", "scales"], "large")]
    large = {"large": ["b", 3, "H", "W"]}
    return graph(nodes, {"small": ["b", 3, "h", "w"]}, large, {"scales": scales})


def graph(nodes, inputs, outputs, constants):
    made = [helper.make_node(kind, given, [result]) for kind, given, result in nodes]
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
        for side in (inputs, outputs)
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    opset = helper.make_opsetid("", 21)
    return helper.make_model(helper.make_graph(made, "toy", *ends, tensors), opset_imports=[opset], ir_version=10)
