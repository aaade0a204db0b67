import asyncio

from limner.actions import webhooks
from limner.contracts.engine import Delivery
from tests.actions.workshop import Scripted, paints

FOREVER = 3600.0


class Trusting(Scripted):
    async def verify(self, delivery):
        return True


def an_ear():
    heard = webhooks.Webhooks()
    heard.serve_at("https://images.example.com")
    return heard, heard.open("job", Trusting(paints))


async def hear(heard, ear, *bodies):
    for body in bodies:
        await heard.hear(ear.token, Delivery(headers={}, body=body))


async def test_news_that_came_while_nobody_waited_ends_the_next_wait():
    heard, ear = an_ear()
    await hear(heard, ear, b"1")
    async with asyncio.timeout(30):
        await ear.webhook.wait(FOREVER)


async def test_however_much_news_there_is_looks_stay_apart(monkeypatch):
    monkeypatch.setattr(webhooks, "SOONEST", FOREVER)
    heard, ear = an_ear()
    waiting = asyncio.create_task(ear.webhook.wait(2 * FOREVER))
    await hear(heard, ear, b"1", b"2", b"3")
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    waiting.cancel()


async def test_what_came_together_causes_one_look(monkeypatch):
    monkeypatch.setattr(webhooks, "SOONEST", 0.05)
    heard, ear = an_ear()
    await hear(heard, ear, b"1", b"2", b"3")
    await ear.webhook.wait(FOREVER)
    waiting = asyncio.create_task(ear.webhook.wait(FOREVER))
    await asyncio.wait({waiting}, timeout=0.3)
    assert not waiting.done()
    waiting.cancel()
