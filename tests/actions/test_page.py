import base64

import pytest

from limner.actions.page import Page, decode_cursor, encode_cursor
from limner.domain.errors import BadCursor
from limner.domain.identity import new_id


def test_a_cursor_comes_back_as_the_id_it_was_made_of():
    before = new_id()
    assert decode_cursor(encode_cursor(before)) == before


def test_no_cursor_is_the_first_page():
    assert decode_cursor(None) is None


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


FOREIGN = [
    "",
    "x",
    "====",
    "é\ud800",
    "A" * 10_000,
    coded("[1]"),
    coded("null"),
    coded('{"v":1}'),
    coded('{"v":1,"before":17}'),
    coded('{"v":1,"before":"no id"}'),
    coded(f'{{"v":2,"before":"{new_id()}"}}'),
    coded(f'{{"v": 1, "before": "{new_id()}"}}'),
    encode_cursor(new_id()) + "=",
    encode_cursor(new_id())[:-3],
]


@pytest.mark.parametrize("cursor", FOREIGN, ids=map(str, range(len(FOREIGN))))
def test_any_other_text_is_a_bad_cursor(cursor):
    with pytest.raises(BadCursor):
        decode_cursor(cursor)


def test_a_page_with_one_item_too_many_points_to_the_next():
    ids = [new_id() for _ in range(4)]
    page = Page.cut(ids, limit=3, identify=str)
    assert page.items == tuple(ids[:3])
    assert decode_cursor(page.next) == ids[2]


def test_the_last_page_points_nowhere():
    page = Page.cut(["a", "b"], limit=2, identify=str)
    assert page == Page(("a", "b"), None)
