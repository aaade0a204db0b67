import asyncio
import contextlib
import json
import logging
import secrets
import socket
import threading
import time

import pytest
from kombu import Connection, Queue

from limner.dispatchers.celery import COALESCED, LOOK, CeleryDispatcher, celery_app
from tests.dispatchers.suite import DispatcherSuite
from tests.fleet.brokers import Proxy

LONG = 30.0


@pytest.fixture
def queue():
    """A name that no other test uses."""
    return f"limner-test-{secrets.token_hex(4)}"


@contextlib.asynccontextmanager
async def dispatching(url, queues):
    dispatcher = CeleryDispatcher(url, queues, "limner-test")
    await dispatcher.open()
    try:
        yield dispatcher
    finally:
        await dispatcher.close()


def taken(url, queue, *, wait=LONG):
    """All messages of a queue, in order; waits for the first."""
    found, declared = [], Queue(queue, routing_key=queue)
    with Connection(url.removeprefix("celery+")) as connection:
        with connection.SimpleQueue(declared) as messages, contextlib.suppress(messages.Empty):
            while True:
                found.append(messages.get(timeout=0.3 if found else wait))
                found[-1].ack()
        declared(connection.default_channel).delete()
    return found


@pytest.fixture(scope="module")
def shared_queues():
    """The queue that each broker has for the suite: to clear one away takes longer than a test."""
    queues = {}
    yield queues
    for url, queue in queues.items():
        taken(url, queue, wait=0.1)


class TestCelery(DispatcherSuite):
    """With each broker; what a nudge is to other processes follows below."""

    @pytest.fixture
    def dispatcher(self, broker, queue, shared_queues):
        return CeleryDispatcher(broker, {"painter": shared_queues.setdefault(broker, queue)}, "limner-test")


def test_what_is_said_to_celery():
    """Messages are acknowledged before the work, which leases guard; a worker takes few; nobody keeps results."""
    facts = celery_app("celery+redis://127.0.0.1:1/0", "limner").conf
    assert (facts.task_acks_late, facts.worker_prefetch_multiplier) == (False, 1)
    assert (facts.task_ignore_result, facts.task_store_errors_even_if_ignored, facts.result_backend) == (
        True,
        False,
        None,
    )
    assert (facts.task_serializer, facts.accept_content) == ("json", ["json"])
    assert facts.worker_cancel_long_running_tasks_on_connection_loss, (
        "each connection that is lost warns of the setting"
    )


async def test_a_nudge_names_a_queue_and_no_job(broker, queue):
    async with dispatching(broker, {"painter": queue}) as dispatcher:
        assert not await dispatcher.fault()
        dispatcher.nudge("painter")
        (message,) = await asyncio.to_thread(taken, broker, queue)
    assert message.headers["task"] == LOOK
    assert message.headers["expires"] is not None
    assert message.headers["ignore_result"]
    assert message.content_type == "application/json"
    assert json.loads(message.body)[0] == [queue]


async def test_many_nudges_at_once_are_few_messages(broker, queue):
    async with dispatching(broker, {"painter": queue, "flux": queue}) as dispatcher:
        dispatcher.nudge("painter")
        assert len(await asyncio.to_thread(taken, broker, queue)) == 1
        began = time.monotonic()
        while time.monotonic() < began + 5 * COALESCED:
            dispatcher.nudge("painter")
            dispatcher.nudge("flux")
            await asyncio.sleep(0)
        most = 2 + (time.monotonic() - began) / COALESCED  # at the first, in every pause, and for the last
        assert 1 <= len(await asyncio.to_thread(taken, broker, queue)) <= most


async def test_nudges_that_nobody_takes_do_not_pile_up(broker, queue, monkeypatch):
    monkeypatch.setattr("limner.dispatchers.celery.ENOUGH", 5)
    async with dispatching(broker, {"painter": queue}) as dispatcher:
        with Connection(broker.removeprefix("celery+")) as connection:
            nudges = Queue(queue, routing_key=queue)(connection.default_channel)
            async with asyncio.timeout(LONG):
                while await nudged(dispatcher, nudges) < 5:
                    pass
        for _ in range(5):
            dispatcher.nudge("painter")
            await asyncio.sleep(2 * COALESCED)
        assert len(await asyncio.to_thread(taken, broker, queue)) == 5


async def nudged(dispatcher, nudges):
    """How many wait after one more."""
    dispatcher.nudge("painter")
    await asyncio.sleep(2 * COALESCED)
    return nudges.queue_declare().message_count


async def test_a_broker_that_forgot_its_queues_learns_of_them_again(mortal_redis, queue):
    url = f"celery+{mortal_redis.url}"
    async with dispatching(url, {"painter": queue}) as dispatcher:
        for _ in range(3):
            dispatcher.nudge("painter")
            assert len(await asyncio.to_thread(taken, url, queue)) == 1
            mortal_redis.do("FLUSHALL")


async def test_engines_that_have_no_queue_are_not_told_of(redis_server, queue):
    url = f"celery+{redis_server.url}"
    async with dispatching(url, {"painter": queue}) as dispatcher:
        dispatcher.nudge("unknown")
        dispatcher.wake()
        assert await asyncio.to_thread(taken, url, queue, wait=0.5) == []


async def test_who_waits_here_hears_a_nudge_without_a_broker():
    async with dispatching("celery+redis://127.0.0.1:1/0", {"painter": "limner"}) as dispatcher:
        waiter = asyncio.create_task(dispatcher.wait(LONG))
        await asyncio.sleep(0)
        dispatcher.nudge("painter")
        await asyncio.wait_for(waiter, 5)


async def test_what_was_due_while_the_broker_was_away_is_sent_when_it_is_back(mortal_redis, queue, caplog):
    url = f"celery+{mortal_redis.url}"
    caplog.set_level(logging.INFO, "limner.dispatcher")
    async with dispatching(url, {"painter": queue}) as dispatcher:
        dispatcher.nudge("painter")
        assert len(await asyncio.to_thread(taken, url, queue)) == 1
        mortal_redis.kill()
        for _ in range(30):
            dispatcher.nudge("painter")
            await asyncio.sleep(0.05)
        mortal_redis.start()
        assert len(await asyncio.to_thread(taken, url, queue)) >= 1
    told = [record.getMessage() for record in caplog.records if record.name == "limner.dispatcher"]
    assert told[0].startswith("nudges cannot be sent (")
    assert told[1:] == ["the broker takes nudges again"]


async def test_a_broker_that_swallows_everything_stops_nobody(redis_server, queue):
    proxy = Proxy(redis_server.port)
    try:
        proxy.swallow()
        async with dispatching(f"celery+redis://127.0.0.1:{proxy.port}/0", {"painter": queue}) as dispatcher:
            began = time.monotonic()
            for _ in range(1000):
                dispatcher.nudge("painter")
            assert time.monotonic() - began < LONG  # a nudge that waited for the broker would take this long by itself
            await asyncio.wait_for(dispatcher.wait(LONG), 5)
        assert time.monotonic() - began < LONG
    finally:
        proxy.close()


async def test_a_broker_that_never_answers_does_not_hold_a_close_up(queue, monkeypatch):
    monkeypatch.setattr("limner.dispatchers.celery.PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as hole:
        hole.settimeout(LONG)
        async with dispatching(f"celery+redis://127.0.0.1:{hole.getsockname()[1]}/0", {"painter": queue}) as dispatcher:
            dispatcher.nudge("painter")
            connection, _ = await asyncio.to_thread(hole.accept)
        with connection:
            await until_publishers_are(0)


async def test_a_thread_that_hung_when_it_was_told_to_leave_does_not_come_back(redis_server, queue, monkeypatch):
    monkeypatch.setattr("limner.dispatchers.celery.PATIENCE", 2.0)
    proxy, url = Proxy(redis_server.port), f"celery+{redis_server.url}"
    dispatcher = CeleryDispatcher(f"celery+redis://127.0.0.1:{proxy.port}/0", {"painter": queue}, "limner-test")
    try:
        proxy.swallow()
        for _ in range(2):
            await dispatcher.open()
            dispatcher.nudge("painter")
            await until_publishers_are(1)
            await dispatcher.close()
        await dispatcher.open()
        proxy.pass_on()
        assert await asyncio.to_thread(taken, url, queue)
        await until_publishers_are(1)
        await dispatcher.close()
        await until_publishers_are(0)
    finally:
        proxy.close()


async def until_publishers_are(number):
    async with asyncio.timeout(LONG):
        while sum(thread.name == "limner-dispatcher" for thread in threading.enumerate()) != number:
            await asyncio.sleep(0.02)
