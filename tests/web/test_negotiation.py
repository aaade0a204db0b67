import pytest

from limner.web.negotiation import accepted_picture, matches, preferred_wait


def asked(**headers):
    return {"headers": [(name.encode(), value.encode()) for name, value in headers.items()]}


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=30", 30),
        ("respond-async, wait=7", 7),
        ('Wait = "5"; foo=bar', 5),
        ("wait=0", 0),
        ("wait=61", 60),
        ("wait=99999999999999999999", 60),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait=²", None),
        ("wait", None),
        ("", None),
        ("return=minimal", None),
    ],
)
def test_a_wait_is_read_from_prefer_and_capped(prefer, seconds):
    assert preferred_wait(asked(prefer=prefer)) == seconds


def test_preferences_may_stand_in_several_headers():
    assert preferred_wait({"headers": [(b"prefer", b"respond-async"), (b"prefer", b"wait=3")]}) == 3


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, None),
        ("*/*", None),
        ("application/json", None),
        ("image/png", "png"),
        ("image/*", "webp"),
        ("image/jpeg, image/png;q=0.5", "jpeg"),
        ("image/jpeg;q=0.1, image/png;q=0.5", "png"),
        ("application/json;q=0.5, image/png", "png"),
        ("application/json, image/png;q=0.5", None),
        ("image/gif, image/webp;q=0.1", "webp"),
        ("image/gif", None),
        ("image/png;q=0", None),
        ("image/png;q=x", None),
        ("IMAGE/PNG", "png"),
    ],
)
def test_a_picture_is_given_to_those_who_prefer_one(accept, chosen):
    assert accepted_picture(accept, "webp") == chosen


@pytest.mark.parametrize(
    ("given", "same"),
    [(None, False), ('W/"a"', True), ('"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False)],
)
def test_tags_are_compared_weakly(given, same):
    assert matches(given, 'W/"a"') is same
