from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from limner.observers.traces import Traces


def recording():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Traces(provider), exporter


def test_outside_of_any_trace_there_is_nothing_to_keep():
    assert Traces().trace() is None


def test_a_span_continues_the_trace_that_was_kept_with_the_job():
    traces, exporter = recording()
    with traces.span("accept"):
        kept = traces.trace()
    with traces.span("paint", kept):
        pass
    accept, paint = exporter.get_finished_spans()
    assert paint.context.trace_id == accept.context.trace_id
    assert paint.parent.span_id == accept.context.span_id


def test_a_broken_trace_starts_a_new_one():
    traces, exporter = recording()
    with traces.span("paint", "not a traceparent"):
        pass
    assert exporter.get_finished_spans()[0].parent is None
