"""The two graphs: one says how clean a picture will be, the other enlarges it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from limner.engines.mini.grid import Floats
from limner.engines.mini.sketch import Question
from limner.engines.mini.weights import PAINTER, UPSCALER, Weights
from limner.engines.processors import available_processors


class Model:
    """Blocking; may be asked by several threads at once."""

    def __init__(self, weights: Weights, threads: int | None) -> None:
        self._painter = _session(weights, PAINTER, threads)
        self._upscaler = _session(weights, UPSCALER, threads)

    def clean(self, questions: list[Question]) -> list[Floats]:
        """One answer each; all have the same number of patches."""
        (answers,) = self._painter.run(
            ["clean"],
            {
                "patches": np.stack([question.patches for question in questions]),
                "positions": np.stack([question.positions for question in questions]),
                "time": np.array([question.time for question in questions], np.float32),
                "words": np.stack([question.reading.pieces for question in questions]),
                "known": np.stack([question.reading.known for question in questions]),
            },
        )
        return list(answers)

    def enlarge(self, pixels: Floats) -> Floats:
        """Height, width, channels; values from 0 to 1."""
        (large,) = self._upscaler.run(["large"], {"small": pixels.transpose(2, 0, 1)[None]})
        enlarged: Floats = large[0].transpose(1, 2, 0)
        return enlarged


def _session(weights: Weights, name: str, threads: int | None) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or available_processors()
    # Threads that wait by spinning would take the processor from the server between two steps.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(weights.folder / name), options, providers=["CPUExecutionProvider"])
