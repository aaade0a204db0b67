import asyncio

import pytest
import uvloop

from limner.engines.deepai import DeepAI
from limner.engines.fal import Fal
from limner.engines.isolated import IsolatedEngine
from limner.engines.openai import OpenAI
from limner.engines.openai_compatible import OpenAICompatible
from limner.engines.replicate import Replicate
from limner.testing.services import DeepAIService, FalService, OpenAIService, ReplicateService
from limner.testing.services.fal import KEYS


def pytest_asyncio_loop_factories(config, item):
    """Child processes are started differently by the loop that servers run and the one that programs run."""
    both = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return both if "test_isolated" in item.nodeid else {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def make_isolated():
    """Makes isolated engines and closes them in the end."""
    engines = []

    def make(class_path, options, **facts):
        engines.append(IsolatedEngine(class_path, options, **({"close_grace": 0.5} | facts)))
        return engines[-1]

    yield make
    for engine in engines:
        await engine.close()


@pytest.fixture
def isolated(make_isolated):
    """Isolates one of the odd engines."""
    return lambda name, options=None, **facts: make_isolated(
        f"tests.engines.odd_engines:{name}", options or {}, **facts
    )


@pytest.fixture
def ledger(make_isolated, tmp_path):
    """Isolates the ledger engine."""
    options = {"ledger": str(tmp_path / "ledger.jsonl")}
    return lambda **facts: make_isolated("limner.testing.ledger:LedgerEngine", options, **facts)


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    """Looks at hosted calls come at once."""
    monkeypatch.setattr("limner.engines.hosted.queued.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("limner.engines.hosted.queued.SLOWER", 1.0)


@pytest.fixture
def deepai():
    with DeepAIService() as service:
        yield service, DeepAI(key=service.key, base_url=service.url, timeout=20)


@pytest.fixture
def openai():
    with OpenAIService() as service:
        yield service, OpenAI(key=service.key, base_url=service.api_url, models=["gpt-image-1", "dall-e-3"], timeout=20)


@pytest.fixture
def compatible():
    with OpenAIService(by_address=True) as service:
        facts = {"key": service.key, "base_url": service.api_url, "models": ["flux"], "timeout": 20}
        yield service, OpenAICompatible(**facts, takes=["seed", "steps", "guidance", "negative_prompt"], edits=True)


@pytest.fixture
def replicate():
    with ReplicateService() as service:
        yield service, Replicate(key=service.key, base_url=service.url, models=["someone/flux"], timeout=20)


@pytest.fixture
def fal():
    with FalService() as service:
        yield (
            service,
            Fal(key=service.key, base_url=service.url, models=["someone/flux/dev"], timeout=20, webhook_keys=KEYS),
        )


@pytest.fixture(params=["deepai", "openai", "compatible", "replicate", "fal"])
def hosted(request):
    """Each engine with its service in turn."""
    return request.getfixturevalue(request.param)
