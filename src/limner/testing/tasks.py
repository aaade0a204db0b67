"""Tasks as a worker hands them to an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limner.codecs.pillow import MAX_PIXELS, PillowCodec
from limner.contracts.engine import PaintTask, TaskInput
from limner.domain.input import InputReference, input_names
from limner.domain.request import ImageRequest


def paint_task(
    *,
    prompt: str = "a red fox in snow",
    width: int = 64,
    height: int = 64,
    count: int = 1,
    seed: int = 7,
    model: str = "",
    inputs: Sequence[tuple[str, bytes]] = (),
    strength: float | None = None,
    options: Mapping[str, Any] | None = None,
    job_id: str = "job-1",
    **facts: Any,
) -> PaintTask:
    """A first try at `count` pictures; `inputs` are roles and pictures, `facts` replace any other field of the task."""
    given = [_task_input(name, *one) for name, one in zip(input_names(role for role, _ in inputs), inputs, strict=True)]
    data = {one.name: content for one, (_, content) in zip(given, inputs, strict=True)}

    async def read_input(name: str) -> bytes:
        return data[name]

    request = ImageRequest(
        prompt=prompt,
        model=f"engine/{model}" if model else "engine",
        width=width,
        height=height,
        count=count,
        seed=seed,
        format="png",
        inputs=tuple(InputReference(role=one.role, input=one.name) for one in given),
        strength=strength,
        options=options or {},
    )
    usual: dict[str, Any] = {
        "ordinals": tuple(range(count)),
        "attempt": 1,
        "request_key": f"{job_id}-1",
        "inputs": tuple(given),
        "read_input": read_input,
    }
    return PaintTask(job_id=job_id, request=request, model=model, **(usual | facts))


def _task_input(name: str, role: str, data: bytes) -> TaskInput:
    picture = PillowCodec().accept(data, max_pixels=MAX_PIXELS)
    return TaskInput(name=name, role=role, format=picture.format, width=picture.width, height=picture.height)
