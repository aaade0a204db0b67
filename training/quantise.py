"""Makes the painter's graph small: int8 weights, and activations measured row by row.

The usual dynamic quantisation measures one scale over all rows of a batch, so a picture would depend on whom it was
painted with. Here each row has its own: what is merged is what is painted alone.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MOST = 63
"""Weights use seven bits: with eight, processors without VNNI overflow 16 bits when two products are added."""
ZERO = 128
CONSTANTS = {
    "rows/axis": np.array([-1], np.int64),
    "rows/127": np.array(127, np.float32),
    "rows/least": np.array(1e-12, np.float32),
    "rows/one": np.array(1, np.float32),
    "rows/zero": np.array(ZERO, np.uint8),
}


def quantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with every product by a constant matrix in integers."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for name, value in CONSTANTS.items():
        graph.initializer.append(numpy_helper.from_array(value, name))
    nodes: list[onnx.NodeProto] = []
    measured: dict[str, str] = {}
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in constants:
            nodes.append(node)
            continue
        given, matrix = node.input
        if given not in measured:
            measured[given] = f"rows/{len(measured)}"
            nodes += _measuring(given, measured[given])
        if f"{matrix}/int8" not in {tensor.name for tensor in graph.initializer}:
            graph.initializer.extend(_matrix(constants[matrix]))
        nodes += _product(measured[given], matrix, node.output[0])
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.checker.check_model(result)
    return result


def _measuring(given: str, rows: str) -> list[onnx.NodeProto]:
    """The largest of each row becomes 127."""
    return [
        helper.make_node("Abs", [given], [f"{rows}/abs"]),
        helper.make_node("ReduceMax", [f"{rows}/abs", "rows/axis"], [f"{rows}/max"], keepdims=1),
        helper.make_node("Max", [f"{rows}/max", "rows/least"], [f"{rows}/most"]),
        helper.make_node("Div", [f"{rows}/most", "rows/127"], [f"{rows}/scale"]),
        helper.make_node("Div", [given, f"{rows}/scale"], [f"{rows}/scaled"]),
        helper.make_node("QuantizeLinear", [f"{rows}/scaled", "rows/one", "rows/zero"], [f"{rows}/uint8"]),
    ]


def _matrix(tensor: onnx.TensorProto) -> list[onnx.TensorProto]:
    """A scale a column."""
    values = numpy_helper.to_array(tensor)
    scales = np.maximum(np.abs(values).max(0), 1e-12) / MOST
    return [
        numpy_helper.from_array(np.rint(values / scales).astype(np.int8), f"{tensor.name}/int8"),
        numpy_helper.from_array(scales.astype(np.float32), f"{tensor.name}/scale"),
    ]


def _product(rows: str, matrix: str, output: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("MatMulInteger", [f"{rows}/uint8", f"{matrix}/int8", "rows/zero"], [f"{output}/sum"]),
        helper.make_node("Cast", [f"{output}/sum"], [f"{output}/float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{output}/float", f"{rows}/scale"], [f"{output}/by_row"]),
        helper.make_node("Mul", [f"{output}/by_row", f"{matrix}/scale"], [output]),
    ]
