"""Jobs, pictures and events as bytes, exactly as the wire shows them. Written by hand: it runs on every request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from limner.domain.event import PreviewTick, ProgressTick
from limner.domain.image import Image
from limner.domain.input import Input
from limner.domain.job import Job, JobError, JobState
from limner.domain.request import ImageRequest
from limner.web.addresses import Addresses


def encode(document: Any) -> bytes:
    return orjson.dumps(document, default=_plain)


def _plain(value: Any) -> Any:
    """Options and metadata of a program's own may be any Mapping."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def timestamp(at: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    return None if at is None else at.isoformat(timespec="milliseconds")[:23] + "Z"


def job_document(job: Job, addresses: Addresses) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state.value,
        "reference": job.reference,
        "request": request_document(job.request),
        "metadata": job.metadata,
        "attempt": job.attempt,
        "expected_start_at": timestamp(job.expected_start_at),
        "progress": progress_document(job),
        "images": [image_document(image, addresses) for image in job.images],
        "notes": [{"code": note.code, "detail": note.detail} for note in job.notes],
        "error": error_document(job.error),
        "ambiguous_calls": job.ambiguous_calls,
        "paid_bad_outputs": job.paid_bad_outputs,
        "retry_of": job.retry_of,
        "created_at": timestamp(job.created_at),
        "started_at": timestamp(job.started_at),
        "finished_at": timestamp(job.finished_at),
        "expires_at": timestamp(job.expires_at),
        "urls": {"self": addresses.job(job.id), "events": addresses.events(job.id), "cancel": addresses.cancel(job.id)},
    }


def request_document(request: ImageRequest) -> dict[str, Any]:
    return {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "model": request.model,
        "width": request.width,
        "height": request.height,
        "count": request.count,
        "seed": request.seed if request.seeded else None,
        "steps": request.steps,
        "guidance": request.guidance,
        "format": request.format,
        "inputs": [
            {"role": reference.role, "input": reference.input, "image": reference.image} for reference in request.inputs
        ],
        "strength": request.strength,
        "options": request.options,
    }


def progress_document(job: Job) -> dict[str, Any]:
    progress = job.progress
    if job.state is JobState.SUCCEEDED:
        step = progress.steps or progress.step
        return {"fraction": 1.0, "step": step, "steps": progress.steps, "eta_seconds": 0}
    return {
        "fraction": progress.fraction,
        "step": progress.step,
        "steps": progress.steps,
        "eta_seconds": None if job.state.final else progress.eta_seconds,
    }


def error_document(error: JobError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"code": error.code, "title": error.title, "detail": error.detail, "retryable": error.retryable}


def image_document(image: Image, addresses: Addresses) -> dict[str, Any]:
    return {
        "id": image.id,
        "job_id": image.job_id,
        "index": image.ordinal,
        "seed": image.seed,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "bytes": image.bytes,
        "sha256": image.sha256,
        "color": image.color,
        "deleted": image.deleted_at is not None,
        "created_at": timestamp(image.created_at),
        "expires_at": timestamp(image.expires_at),
        "url": addresses.content(image.id),
        "signed_url": addresses.signed_content(image.id),
    }


def input_document(found: Input, addresses: Addresses) -> dict[str, Any]:
    return {
        "id": found.id,
        "width": found.width,
        "height": found.height,
        "format": found.format,
        "bytes": found.bytes,
        "sha256": found.sha256,
        "created_at": timestamp(found.created_at),
        "expires_at": timestamp(found.expires_at),
        "url": addresses.input_content(found.id),
    }


def progress_event(tick: ProgressTick) -> dict[str, Any]:
    return {
        "job_id": tick.job_id,
        "fraction": tick.fraction,
        "step": tick.step,
        "steps": tick.steps,
        "eta_seconds": tick.eta_seconds,
    }


def preview_event(tick: PreviewTick, data_url: str) -> dict[str, Any]:
    return {"job_id": tick.job_id, "index": tick.ordinal, "step": tick.step, "image": data_url}
