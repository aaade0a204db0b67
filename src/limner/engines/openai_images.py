"""OpenAI's Images API: pictures in the answer or at an address, sketches of a single one on the way."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from limner.contracts.engine import Painted, PaintTask, Progress, Stroke, Submitted
from limner.domain.capabilities import Capabilities
from limner.domain.errors import EngineError, UnknownOutcome
from limner.domain.input import MASK
from limner.domain.job import Note
from limner.engines.hosted.answer import Answer
from limner.engines.hosted.engine import HostedEngine, call_for, unpaid
from limner.engines.hosted.faults import plain, quoting
from limner.engines.openai_faults import error_of, told

PICTURES_PER_CALL = 4
"""Of the largest, more would not fit into an answer that is read whole."""

Content = dict[str, Any]


class OpenAIImages(HostedEngine):
    """The API, whoever serves it. `partial_images` are sketches of a picture on the way."""

    health_path = "models"

    def __init__(self, capabilities: Capabilities, *, partial_images: int = 0, **facts: Any) -> None:
        super().__init__(capabilities, **facts)
        self._partial_images = partial_images

    def credentials(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def words(self, document: Any) -> Any:
        return error_of(document).get("message")

    def fault(self, answer: Answer, charges: bool) -> EngineError:
        return told(answer.document, self.spoken) or super().fault(answer, charges)

    def pictures_per_call(self, task: PaintTask) -> int:
        return 1 if task.model == "dall-e-3" else PICTURES_PER_CALL

    def fields(self, task: PaintTask, ordinals: tuple[int, ...]) -> Content:
        """What is asked for, beside the pictures to start from."""
        request = task.request
        size = f"{request.width}x{request.height}"
        form = {"response_format": "b64_json"} if task.model.startswith("dall-e") else {"output_format": request.format}
        asked = {"model": task.model, "prompt": request.prompt, "n": len(ordinals), "size": size}
        return {**asked, **form, **request.options}

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        for call in task.resume:
            for ordinal in call.ordinals:
                yield await self._fetched(ordinal, call.handle, call.ordinals)
        for ordinals in unpaid(task, self.pictures_per_call(task)):
            path, content = await self._content(task, ordinals)
            announced = self.submitting(task, ordinals)
            yield announced
            content["headers"] = {"idempotency-key": announced.request_key}
            async with aclosing(self._called(path, content, ordinals)) as strokes:
                async for stroke in strokes:
                    yield stroke

    async def _content(self, task: PaintTask, ordinals: tuple[int, ...]) -> tuple[str, Content]:
        """Where to ask and what to send: JSON, or a form with the pictures to start from."""
        fields = self.fields(task, ordinals)
        if self._partial_images and task.wants_previews and len(ordinals) == 1 and self._sketches(task.model):
            fields |= {"stream": True, "partial_images": self._partial_images}
        if not task.inputs:
            return "images/generations", {"json": fields}
        files = []
        images = sum(given.role != MASK for given in task.inputs)
        for given in task.inputs:
            data = await task.read_input(given.name)
            name = MASK if given.role == MASK else "image[]" if images > 1 else "image"
            files.append((name, (f"{given.name}.{given.format}", data, given.media_type)))
        return "images/edits", {"data": {name: _form_text(value) for name, value in fields.items()}, "files": files}

    def _sketches(self, model: str) -> bool:
        return self.capabilities.of(model).previews

    async def _called(self, path: str, content: Content, ordinals: tuple[int, ...]) -> AsyncGenerator[Stroke, None]:
        found: dict[int, Content] = {}
        sketches = 0
        with call_for(ordinals):
            async with aclosing(self.client.events(path, **content)) as events:
                async for event in events:
                    if str(event.get("type")).endswith(".partial_image"):
                        sketches += 1
                        yield self._sketch_of(event, ordinals[0], sketches)
                    elif pictures := self._pictures_of(event):
                        found = dict(zip(ordinals, pictures, strict=False))
        if not found:
            raise UnknownOutcome("The service ended its answer without a picture; it may have been charged.")
        addresses = {str(ordinal): picture["url"] for ordinal, picture in found.items() if picture.get("url")}
        if addresses:
            yield Submitted(ordinals=ordinals, handle={"urls": addresses})
        for ordinal, picture in found.items():
            if picture.get("url"):
                yield await self._fetched(ordinal, {"urls": addresses}, ordinals)
            else:
                yield Painted(ordinal=ordinal, image=_decoded(picture), notes=_notes_of(picture))

    def _sketch_of(self, event: Content, ordinal: int, step: int) -> Progress:
        steps = self._partial_images + 1
        return Progress(step=min(step, steps), steps=steps, ordinal=ordinal, preview=_decoded(event) or None)

    def _pictures_of(self, event: Content) -> list[Content]:
        if error_of(event):
            in_doubt = UnknownOutcome(quoting("The service gave up, and may have charged", self.spoken(event)))
            raise told(event, self.spoken) or in_doubt
        pictures = event.get("data") if "data" in event else [event]
        found = pictures if isinstance(pictures, list) else []
        return [one for one in found if isinstance(one, dict) and {"b64_json", "url"} & one.keys()]

    async def _fetched(self, ordinal: int, handle: Content, ordinals: tuple[int, ...]) -> Painted:
        with call_for(ordinals):
            return Painted(ordinal=ordinal, image=await self.client.fetch(handle["urls"].get(str(ordinal))))


def _form_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _decoded(picture: Content) -> bytes:
    """Nothing where it is not base64: the worker finds that it is no picture."""
    try:
        return base64.b64decode(picture["b64_json"])
    except (KeyError, TypeError, ValueError):
        return b""


def _notes_of(picture: Content) -> tuple[Note, ...]:
    revised = plain(picture.get("revised_prompt"))
    return (Note(code="revised_prompt", detail=f"The service painted: {revised}"),) if revised else ()
