"""Engines to ask, and means around a real repository, for tests of the actions that take and tell."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from limner.actions.models import Models
from limner.actions.submit_job import SubmitNeeds, submit_job
from limner.contracts.engine import Engine, Painted, PaintTask
from limner.domain.capabilities import Capabilities
from limner.domain.identity import Principal
from limner.domain.policy import Policy
from limner.domain.request import Ask
from limner.notifiers.memory import MemoryNotifier
from limner.testing.instant import checkerboard
from tests.repositories.making import opened

ANN = Principal(user_id="ann", credential="k1")
BEN = Principal(user_id="ben")

STYLES = {
    "type": "object",
    "properties": {
        "style": {"enum": ["watercolour", "oil", "ink"]},
        "strength": {"type": "number", "minimum": 0, "maximum": 1},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 2},
    },
}


class Easel(Engine):
    """Paints nothing of note, and says what it can."""

    def __init__(self, **capabilities):
        given = {"default_width": 768, "default_height": 512, "options": STYLES} | capabilities
        self.capabilities = Capabilities(**given)

    async def paint(self, task: PaintTask) -> AsyncGenerator[Painted, None]:
        for ordinal in task.ordinals:
            yield Painted(ordinal=ordinal, image=checkerboard(64, 64, task.request.seed_of(ordinal)))


class Desk:
    """Dispatcher and observer that remember what they were told."""

    def __init__(self):
        self.nudged = []
        self.timed = []
        self.counted = []

    def nudge(self, engine):
        self.nudged.append(engine)

    def count(self, name, amount=1, **labels):
        self.counted.append((name, amount, labels))

    def time(self, name, seconds, **labels):
        self.timed.append(name)

    def trace(self):
        return "00-trace"


class Heard(MemoryNotifier):
    """A notifier that also remembers what was published."""

    def __init__(self):
        super().__init__()
        self.signals = []

    def publish(self, signals):
        self.signals.extend(signals)
        super().publish(signals)


def needs_of(repository, *hooks, **facts):
    desk = Desk()
    given = {
        "models": Models({"painter": Easel()}, default="painter"),
        "dispatcher": desk,
        "notifier": Heard(),
        "observer": desk,
        "policy": Policy(),
    } | facts
    return SubmitNeeds(repository=repository, before_submit=hooks, **given)


@asynccontextmanager
async def studio(path, *hooks, **facts):
    """A real repository, and what submitting needs around it."""
    async with opened(path) as repository:
        yield needs_of(repository, *hooks, **facts)


async def submitted(needs, prompt="a fox", *, owner="ann", **ask):
    return (await submit_job(Ask(prompt=prompt, **ask), owner, needs=needs)).job
