"""Traces of requests, by FastAPI's own support, hold no secrets."""

from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from limner.web.router import build_router
from tests.web.house import House, paint


async def test_a_signature_does_not_stand_in_a_trace(tmp_path):
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    house = House(tmp_path)
    house.app = FastAPI(telemetry={"tracer_provider": provider})
    house.app.include_router(build_router(house.assembly))
    house.transport.app = house.app
    async with house.open(), await house.client() as ann:
        job = await paint(ann)
        await ann.get(job["urls"]["events"])
        await ann.get(f"/jobs?api_key={await house.key()}")
    told = [str(dict(span.attributes)) for span in spans.get_finished_spans()]
    assert any("/jobs/{job_id}/events" in one for one in told)
    assert not any(secret in one for one in told for secret in ("signature=", "lmn_"))
