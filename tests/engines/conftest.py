import asyncio

import pytest
import uvloop

from limner.engines.isolated import IsolatedEngine


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
