from typing import Annotated, Literal

import pytest
from fastapi import Query

from limner.web.plain import PlainParameters


async def picture(request, image_id: str, size: Literal["256", "512"], kind: Annotated[str | None, Query()] = None):
    """What an endpoint looks like to FastAPI."""


PLAIN = PlainParameters.of(picture, {"image_id", "size"})


@pytest.mark.parametrize(
    ("size", "query", "fits"),
    [
        ("256", b"", True),
        ("256", b"signature=x", True),
        ("300", b"", False),
        ("256", b"kind=png", False),
        ("256", b"%6bind=png", False),
        ("256", b"kind=", False),
    ],
)
def test_a_request_is_plain_when_nothing_in_it_needs_converting_or_checking(size, query, fits):
    assert PLAIN.fit({"image_id": "x", "size": size}, query) is fits


def test_a_query_goes_by_the_name_that_the_wire_has_for_it():
    async def endpoint(request, first: Annotated[str | None, Query(alias="from")] = None): ...

    plain = PlainParameters.of(endpoint, set())
    assert (plain.fit({}, b"from=x"), plain.fit({}, b"first=x")) == (False, True)


def test_an_endpoint_with_a_body_or_a_required_query_is_never_plain():
    async def endpoint(request, image_id: str, wanted: int): ...

    assert PlainParameters.of(endpoint, {"image_id"}) is None
