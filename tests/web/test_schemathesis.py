"""A fuzzer reads the document and finds no fault with what is sent."""

import asyncio
import json
import sys

from limner.domain.identity import Scope
from tests.web.house import House

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "unsupported_method",
    "use_after_free",
    "ensure_resource_availability",
)
EXAMPLES = 5
SEED = 20_260_901


def strict(document):
    """Without "any other problem", which would excuse statuses that nobody described."""
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("default", None)
    return document


async def test_schemathesis_finds_no_fault(tmp_path):
    async with House(tmp_path / "home", limits={"queued_per_owner": 10_000}).serve() as house:
        (tmp_path / "openapi.json").write_text(json.dumps(strict(house.app.openapi())))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "schemathesis.cli", "run", "openapi.json", "--url", house.url),
            *("-H", f"Authorization: Bearer {await house.key(scopes=frozenset(Scope))}", "-H", f"Origin: {house.url}"),
            *("--checks", ",".join(CHECKS), "--max-examples", str(EXAMPLES), "--seed", str(SEED)),
            # A stream without an end: nothing to wait for. tests/web/test_events.py has it.
            *("--exclude-path", "/events", "--continue-on-failure", "--no-color", "--warnings", "off"),
            *("--generation-database", ":memory:", "--request-timeout", "20"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    assert b"Tested: 26" in told, told.decode()
