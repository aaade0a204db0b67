"""Both halves of the Observer contract as one object."""

from __future__ import annotations

from opentelemetry.trace import TracerProvider

from limner.observers.metrics import Metrics
from limner.observers.traces import Traces


class Telemetry(Metrics, Traces):
    """Metrics in our own registry, traces through the process's OpenTelemetry."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        Metrics.__init__(self)
        Traces.__init__(self, provider)
