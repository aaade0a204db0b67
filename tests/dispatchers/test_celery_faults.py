"""What a broker's refusal is called, and what leaves with a dispatcher that is closed."""

import asyncio
import logging

import pytest

from limner.dispatchers.celery import COALESCED, CeleryDispatcher, _passwords, _sentence
from tests.fleet.brokers import Redis


@pytest.fixture
def broker():
    redis = Redis()
    yield redis
    redis.close()


async def until(condition):
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.01)


async def test_what_is_due_at_the_end_is_sent_before_it(broker, monkeypatch):
    monkeypatch.setattr("limner.dispatchers.celery.LEAVE", 30.0)
    dispatcher = CeleryDispatcher(f"celery+{broker.url}", {"painter": "pictures"}, "limner")
    await dispatcher.open()
    dispatcher.nudge("painter")
    await until(lambda: broker.do("LLEN", "pictures") == 1)
    dispatcher.nudge("painter")
    assert COALESCED > 0.01
    await dispatcher.close()
    assert broker.do("LLEN", "pictures") == 2


def test_no_password_of_any_broker_is_told():
    passwords = _passwords("celery+redis://:p%40ss@a/0;redis://me:pass@b/0;redis://me:pass-word@b/0;redis://c/0")
    told = _sentence(ValueError("p%40ss, p@ss and pass-word\nof me"), passwords)
    assert told == "ValueError: …, … and … of me"


async def test_a_broker_that_refuses_us_is_not_said_to_be_away(broker, caplog):
    broker.do("CONFIG", "SET", "requirepass", "right")
    caplog.set_level(logging.WARNING, "limner.dispatcher")
    url = f"celery+redis://:hunter2@127.0.0.1:{broker.port}/0"
    dispatcher = CeleryDispatcher(url, {"painter": "pictures"}, "limner")
    await dispatcher.open()
    try:
        dispatcher.nudge("painter")
        await until(lambda: caplog.records)
    finally:
        await dispatcher.close()
    (told,) = (record.getMessage() for record in caplog.records)
    assert told.startswith("nudges cannot be sent (")
    assert "invalid username-password pair" in told
    assert told.endswith("; workers look every few seconds")
    fault = await dispatcher.fault()
    assert "invalid username-password pair" in fault
    assert "hunter2" not in told + fault
