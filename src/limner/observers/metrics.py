"""Counters, durations and gauges for Prometheus, in a registry of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from limner.contracts.repository import QueueFacts

CONTENT_TYPE = "text/plain; version=1.0.0; charset=utf-8"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a metric says, and by which labels it is split."""

    help: str
    labels: tuple[str, ...] = ()


DURATIONS: Mapping[str, Meaning] = {
    "limner_accept_seconds": Meaning("From a validated request to its durable row."),
    "limner_claim_seconds": Meaning("One claim of jobs, empty ones included."),
    "limner_paint_seconds": Meaning("One paint of a job by an engine.", ("engine",)),
    "limner_keep_seconds": Meaning("Verifying, storing and recording one picture."),
    "limner_finish_seconds": Meaning("Writing a final state, for a success with its last picture."),
}
COUNTERS: Mapping[str, Meaning] = {
    "limner_jobs_total": Meaning("Jobs that reached a final state.", ("state",)),
    "limner_retries_total": Meaning("Failed tries by what may be done about them.", ("class",)),
    "limner_lease_losses_total": Meaning("Jobs that a worker lost to another."),
    "limner_swept_total": Meaning(
        "Rows mended or let go by upkeep; no_turn: rounds of it that others did not let in.", ("kind",)
    ),
    "limner_hooks_total": Meaning("Deliveries to on_finished hooks.", ("outcome",)),
    "limner_ambiguous_calls_total": Meaning("Calls whose charge is unknown.", ("engine",)),
}
GAUGES: Mapping[str, Meaning] = {
    "limner_queue_depth": Meaning("Jobs waiting.", ("engine",)),
    "limner_running_jobs": Meaning("Jobs being painted.", ("engine",)),
    "limner_engine_blocked": Meaning("1 while an engine is paused or its breaker is open.", ("engine", "code")),
    "limner_oldest_claimable_seconds": Meaning("For how long the owner whose turn it is has waited for it."),
    "limner_drain_rate": Meaning("Jobs finished a second, over the last minute."),
}


class Metrics:
    """The counting half of an Observer. Names that are not in the tables above are ignored: nothing here may raise."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._durations = {
            name: Histogram(name, meaning.help, meaning.labels, registry=self._registry, buckets=SECONDS)
            for name, meaning in DURATIONS.items()
        }
        self._counters = {
            name: Counter(name, meaning.help, meaning.labels, registry=self._registry)
            for name, meaning in COUNTERS.items()
        }
        self._gauges = {
            name: Gauge(name, meaning.help, meaning.labels, registry=self._registry) for name, meaning in GAUGES.items()
        }

    def count(self, name: str, amount: int = 1, **labels: str) -> None:
        if counter := self._counters.get(name):
            names = COUNTERS[name].labels
            (counter.labels(*_values(names, labels)) if names else counter).inc(amount)

    def time(self, name: str, seconds: float, **labels: str) -> None:
        if duration := self._durations.get(name):
            names = DURATIONS[name].labels
            (duration.labels(*_values(names, labels)) if names else duration).observe(seconds)

    def show_queue(self, facts: QueueFacts, now: datetime) -> None:
        """Fills the gauges, right before they are read."""
        for gauge, by_engine in (("limner_queue_depth", facts.queued), ("limner_running_jobs", facts.running)):
            self._gauges[gauge].clear()
            for engine, amount in by_engine.items():
                self._gauges[gauge].labels(engine).set(amount)
        self._gauges["limner_engine_blocked"].clear()
        for engine, code in facts.blocked.items():
            self._gauges["limner_engine_blocked"].labels(engine, code).set(1)
        age = (now - facts.oldest_claimable_at).total_seconds() if facts.oldest_claimable_at else 0.0
        self._gauges["limner_oldest_claimable_seconds"].set(max(age, 0.0))
        self._gauges["limner_drain_rate"].set(facts.drain_rate)

    def render(self) -> bytes:
        """The exposition text of everything counted in this process."""
        return generate_latest(self._registry)


def _values(names: tuple[str, ...], labels: Mapping[str, str]) -> list[str]:
    return [labels.get(name, "") for name in names]
