"""Tasks as a worker hands them to an engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limner.contracts.engine import PaintTask
from limner.domain.request import ImageRequest


def paint_task(
    *,
    prompt: str = "a red fox in snow",
    width: int = 64,
    height: int = 64,
    count: int = 1,
    seed: int = 7,
    model: str = "",
    options: Mapping[str, Any] | None = None,
    job_id: str = "job-1",
    **facts: Any,
) -> PaintTask:
    """A first try at `count` pictures; `facts` replace any other field of the task."""
    request = ImageRequest(
        prompt=prompt,
        model=f"engine/{model}" if model else "engine",
        width=width,
        height=height,
        count=count,
        seed=seed,
        format="png",
        options=options or {},
    )
    usual: dict[str, Any] = {"ordinals": tuple(range(count)), "attempt": 1, "request_key": f"{job_id}-1"}
    return PaintTask(job_id=job_id, request=request, model=model, **(usual | facts))
