"""OpenTelemetry traces that go on across the queue. Without an SDK in the process all of it costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace as telemetry
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from limner._version import __version__

_HEADER = "traceparent"


def hide_query() -> None:
    """Takes the query string out of the request's span, which FastAPI starts: a signed link is a secret."""
    telemetry.get_current_span().set_attribute("url.query", "REDACTED")


class Traces:
    """The tracing half of an Observer. `provider` None: the process's own, as its host configured it."""

    def __init__(self, provider: telemetry.TracerProvider | None = None) -> None:
        self._tracer = telemetry.get_tracer("limner", __version__, tracer_provider=provider)
        self._propagator = TraceContextTextMapPropagator()

    def trace(self) -> str | None:
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get(_HEADER)

    @contextmanager
    def span(self, name: str, trace: str | None = None) -> Iterator[None]:
        parent = self._propagator.extract({_HEADER: trace}) if trace else None
        with self._tracer.start_as_current_span(name, context=parent):
            yield
