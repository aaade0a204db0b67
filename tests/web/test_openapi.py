"""The document says what is sent."""

import httpx
import pytest
from fastapi.openapi.utils import get_openapi
from jsonschema import Draft202012Validator

from limner.testing.instant import checkerboard
from limner.web.errors import STATUS
from limner.web.router import build_router
from limner.web.server import create_app
from tests.web.house import House, paint, submit


@pytest.fixture(scope="module")
def document():
    return create_app(House("unused").assembly).openapi()


def operations(document):
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def check(document, name, value):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


async def test_what_is_sent_is_what_the_document_says(document, ann):
    job = await paint(ann, count=2)
    check(document, "LimnerJob", job)
    check(document, "LimnerJob", await submit(ann, model="gated"))
    check(document, "LimnerImage", job["images"][0])
    check(document, "LimnerJobPage", (await ann.get("/jobs")).json())
    check(document, "LimnerImagePage", (await ann.get("/images")).json())
    check(document, "LimnerModelPage", (await ann.get("/models")).json())
    check(document, "LimnerSession", (await ann.get("/session")).json())
    uploaded = await ann.post("/inputs", content=checkerboard(8, 8, 1), headers={"Content-Type": "image/png"})
    check(document, "LimnerInput", uploaded.json())
    check(document, "LimnerJob", await submit(ann, inputs=[{"role": "image", "input": uploaded.json()["id"]}]))
    check(document, "LimnerProblem", (await ann.post("/images", json={"n": 1})).json())


async def test_the_document_names_every_key_that_is_sent(document, ann):
    job = await paint(ann)
    uploaded = await ann.post("/inputs", content=checkerboard(8, 8, 1), headers={"Content-Type": "image/png"})
    started = await submit(ann, inputs=[{"role": "image", "input": uploaded.json()["id"]}])
    can = (await ann.get("/models")).json()["items"][0]["capabilities"]
    schemas = document["components"]["schemas"]
    for name, value in (
        ("LimnerJob", job),
        ("LimnerRequest", job["request"]),
        ("LimnerProgress", job["progress"]),
        ("LimnerImage", job["images"][0]),
        ("LimnerUrls", job["urls"]),
        ("LimnerCapabilities", can),
        ("LimnerInputLimits", can["inputs"]["image"]),
        ("LimnerInput", uploaded.json()),
        ("LimnerRequestInput", started["request"]["inputs"][0]),
    ):
        assert list(schemas[name]["properties"]) == list(value)


def test_every_operation_is_described(document):
    for operation in operations(document):
        assert operation["operationId"].startswith("limner_")
        assert operation["description"]
        assert operation["tags"]
        assert all(answer["description"] for answer in operation["responses"].values())


def test_every_refusal_is_a_problem_with_an_example(document):
    for operation in operations(document):
        refusals = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
        for code, answer in refusals.items():
            if code == "416":
                continue
            content = answer["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/LimnerProblem"}
            for name, example in content.get("examples", {}).items():
                check(document, "LimnerProblem", example["value"])
                assert (example["value"]["code"], example["value"]["status"]) == (name, int(code))


def test_every_operation_but_these_asks_who_is_there(document):
    open_ones = [one["operationId"] for one in operations(document) if not one.get("security")]
    assert sorted(open_ones) == ["limner_get_health", "limner_get_ready", "limner_receive_webhook", "limner_sign_in"]
    schemes = document["components"]["securitySchemes"]
    assert (schemes["LimnerKey"]["scheme"], schemes["LimnerLink"]["name"]) == ("bearer", "signature")
    assert (schemes["LimnerSession"]["in"], schemes["LimnerSession"]["name"]) == ("cookie", "__Host-limner")


def test_every_reference_in_the_document_leads_somewhere(document):
    Draft202012Validator.check_schema({"components": document["components"]})
    text = str(document)
    for name in {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]


def test_the_document_is_whole_without_the_operators_routes():
    router = build_router(House("unused").assembly)
    document = get_openapi(title="host", version="1", routes=router.routes)
    assert {"LimnerProblem", "LimnerJob"} <= document["components"]["schemas"].keys()
    assert set(document["components"]["securitySchemes"]) == {"LimnerKey", "LimnerLink"}


async def test_the_page_of_the_document_is_there(house):
    async with house.bare() as nobody:
        assert (await nobody.get("/docs")).status_code == httpx.codes.OK
        assert (await nobody.get("/openapi.json")).json()["info"]["title"] == "Limner"


def test_every_error_has_a_status():
    def below(kind):
        return [kind, *(found for child in kind.__subclasses__() for found in below(child))]

    from limner.domain.errors import LimnerError

    ours = {kind for kind in below(LimnerError) if kind.__module__.startswith(("limner.domain.", "limner.web."))}
    assert ours == set(STATUS)
