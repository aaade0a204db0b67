import os
import subprocess
import sys

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


HOST = """
import sys
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from limner import Limner
from limner.testing.instant import InstantEngine

exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
limner = Limner(home=sys.argv[1], engines={"instant": InstantEngine()})
app = FastAPI()
app.include_router(limner.router(current_user=lambda: "ann"))
with TestClient(app) as client:
    headers = {"Prefer": "wait=10", "traceparent": sys.argv[2]}
    assert client.post("/images", json={"prompt": "my private garden"}, headers=headers).status_code == 200
print([span.to_json() for span in exporter.get_finished_spans()])
"""


def test_the_callers_trace_goes_through_the_queue_to_the_paint_and_holds_no_prompt(tmp_path):
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    command = [sys.executable, "-c", HOST, str(tmp_path), f"00-{trace_id}-b7ad6b7169203331-01"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout
    assert told.count("limner.run_job") == 1
    assert told.count('"trace_id": "0x') == told.count(f'"trace_id": "0x{trace_id}"') > 2
    assert "private" not in told
