"""Whatever a service answers, what comes of it is a picture or an error of ours."""

import asyncio

import pytest

from limner.contracts.engine import Painted
from limner.domain.errors import EngineError
from limner.testing.services.exchange import Reply
from tests.engines.hosted.painting import opened, paint

ODD = [None, 7, "x", [7], {"x": 1}, "http://["]
FIELDS = [
    "output_url", "err", "status", "error", "detail", "data", "b64_json", "url", "id", "output", "logs", "images",
    "status_url", "response_url", "cancel_url", "has_nsfw_concepts", "type", "partial_image_index", "retry_after",
]  # fmt: skip
ENDS = [
    {"status": "succeeded"}, {"status": "failed"}, {"status": "COMPLETED"}, {"type": "image_generation.partial_image"},
    {"error": {"code": [], "type": {}, "message": 7}}, {"data": [{"url": 7}, {"b64_json": []}]}, {"images": [{"url": {}}]},
    {"error": {"error": "x"}}, {"detail": [{"msg": [], "type": 7}]},
]  # fmt: skip
DOCUMENTS = [*ODD, *({field: odd} for field in FIELDS for odd in ODD), *ENDS]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("limner.engines.hosted.queued.FIRST_PAUSE", 0.0)
    monkeypatch.setattr("limner.engines.hosted.queued.DEAF_LOOKS", 1)


@pytest.mark.parametrize(
    ("name", "purpose"),
    [(name, "call") for name in ("deepai", "openai", "compatible", "replicate", "fal")]
    + [("replicate", "status"), ("fal", "status"), ("fal", "result")],
)
async def test_an_odd_answer_is_an_error_of_ours(request, name, purpose):
    """It comes once; looks that follow are answered properly."""
    service, engine = request.getfixturevalue(name)
    answer = service.answer
    async with opened(engine):
        for status, documents in ((200, DOCUMENTS), (400, DOCUMENTS[::7])):
            for document in documents:
                odd = iter([Reply.json(document, status)])
                service.answer = lambda asked, odd=odd: (asked.purpose == purpose and next(odd, None)) or answer(asked)
                async with asyncio.timeout(20):
                    strokes, fault = await paint(engine, wants_previews=False)
                assert isinstance(fault, EngineError) or isinstance(strokes[-1], Painted), document
