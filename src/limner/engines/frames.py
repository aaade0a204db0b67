"""What an isolated engine and its child say to each other: a JSON header and bytes a frame, never pickle."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from limner.contracts.engine import OpenCall, Painted, PaintTask, Progress, Stroke, Submitted, Submitting, TaskInput
from limner.domain import errors
from limner.domain.input import InputReference
from limner.domain.job import Note
from limner.domain.request import ImageRequest

Message = dict[str, Any]

_HEAD = struct.Struct("!4sII")
_MAGIC = b"LMN1"
_MAX_MESSAGE = 4 * 2**20
_MAX_PAYLOAD = 512 * 2**20

ENGINE_ERRORS: Mapping[str, type[errors.EngineError]] = {
    name: error
    for name, error in vars(errors).items()
    if isinstance(error, type) and issubclass(error, errors.EngineError)
}
"""The errors that may cross, by name."""


class BadFrame(Exception):
    """What came is not one of our frames."""


async def read_frame(reader: asyncio.StreamReader) -> tuple[Message, bytes] | None:
    """The next message with its bytes; None at the end. Raises BadFrame."""
    try:
        magic, message_size, payload_size = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if magic != _MAGIC or message_size > _MAX_MESSAGE or payload_size > _MAX_PAYLOAD:
            raise BadFrame
        message = json.loads(await reader.readexactly(message_size))
        if not isinstance(message, dict):
            raise BadFrame
        return message, await reader.readexactly(payload_size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ValueError as error:
        raise BadFrame from error


def write_frame(writer: asyncio.StreamWriter, message: Message, payload: bytes = b"") -> None:
    """Raises ValueError or TypeError for what cannot be said."""
    header = json.dumps(message, default=_plain, allow_nan=False).encode()
    if len(header) > _MAX_MESSAGE or len(payload) > _MAX_PAYLOAD:
        raise ValueError("A frame is too long.")
    writer.writelines((_HEAD.pack(_MAGIC, len(header), len(payload)), header, payload))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


def task_to_message(task: PaintTask) -> Message:
    facts = {field.name: getattr(task, field.name) for field in dataclasses.fields(task) if field.compare}
    facts["request"] = _fields_of(task.request)
    facts["request"]["inputs"] = [_fields_of(reference) for reference in task.request.inputs]
    facts["inputs"] = [_fields_of(given) for given in task.inputs]
    facts["resume"] = [call_to_message(call) for call in task.resume]
    return facts


def call_to_message(call: OpenCall) -> Message:
    return _fields_of(call)


def call_from_message(facts: Message) -> OpenCall:
    return OpenCall(**{**facts, "ordinals": tuple(facts["ordinals"])})


def task_from_message(facts: Message) -> PaintTask:
    references = tuple(InputReference(**reference) for reference in facts["request"]["inputs"])
    facts["request"] = ImageRequest(**{**facts["request"], "inputs": references})
    facts["inputs"] = tuple(TaskInput(**given) for given in facts["inputs"])
    facts["ordinals"] = tuple(facts["ordinals"])
    facts["resume"] = tuple(map(call_from_message, facts["resume"]))
    facts["deadline"] = datetime.fromisoformat(facts["deadline"]) if facts["deadline"] else None
    return PaintTask(**facts)


def stroke_to_message(stroke: Stroke) -> tuple[Message, bytes]:
    """Raises TypeError for what is not a stroke."""
    match stroke:
        case Progress():
            payload_field = "preview"
        case Painted():
            payload_field = "image"
        case Submitting() | Submitted():
            payload_field = ""
        case _:
            raise TypeError(f"paint() yielded {type(stroke).__name__}, which is no stroke")
    facts = _fields_of(stroke)
    payload = facts.pop(payload_field, None) or b""
    if isinstance(stroke, Painted):
        facts["notes"] = [_fields_of(note) for note in stroke.notes]
    return {"say": type(stroke).__name__, **facts}, payload


def stroke_from_message(message: Message, payload: bytes) -> Stroke:
    """Raises BadFrame for what is not a stroke."""
    facts = {name: value for name, value in message.items() if name not in {"say", "id"}}
    try:
        match message["say"]:
            case "Progress":
                return Progress(preview=payload or None, **facts)
            case "Painted":
                facts["notes"] = tuple(Note(**note) for note in facts["notes"])
                return Painted(image=payload, **facts)
            case "Submitting":
                return Submitting(**{**facts, "ordinals": tuple(facts["ordinals"])})
            case "Submitted":
                return Submitted(**{**facts, "ordinals": tuple(facts["ordinals"])})
    except (KeyError, TypeError) as error:
        raise BadFrame from error
    raise BadFrame


def error_to_message(error: BaseException) -> Message:
    """An unexpected error gives its type and where it arose; its text may hold prompts and stays behind."""
    if isinstance(error, errors.EngineError):
        name = next(base.__name__ for base in type(error).__mro__ if base.__name__ in ENGINE_ERRORS)
        facts = {key: fact for key, fact in error.facts.items() if isinstance(fact, str | int | float | None)}
        return {"error": name, "detail": error.detail, "retry_after": error.retry_after, "facts": facts}
    if isinstance(error, MemoryError):
        return {"error": "OutOfMemory", "detail": None, "retry_after": None, "facts": {}}
    detail = f"The engine raised {type(error).__name__}."
    return {"error": "EngineCrashed", "detail": detail, "retry_after": None, "facts": {"own": True}}


def error_from_message(message: Message) -> errors.EngineError:
    """Raises BadFrame for an error that may not cross."""
    try:
        error = ENGINE_ERRORS[message["error"]]
        return error(message["detail"], retry_after=message["retry_after"], **message["facts"])
    except (KeyError, TypeError) as fault:
        raise BadFrame from fault


def _fields_of(value: Any) -> Message:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
