import hashlib
import re

import pytest

from limner.domain.key_text import new_key_text, parse_key_text

KEY = new_key_text()


def test_a_key_reads_back_as_it_was_made():
    assert re.fullmatch(r"lmn_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", KEY.text())
    assert parse_key_text(KEY.text()) == KEY


def test_the_digest_is_sha_256_of_the_secret_part():
    assert KEY.digest == hashlib.sha256(KEY.secret.encode()).hexdigest()


def test_the_secret_stays_out_of_the_repr():
    assert KEY.secret not in repr(KEY)


@pytest.mark.parametrize("place", range(4, len(KEY.text())))
def test_one_mistyped_character_is_noticed(place):
    text = KEY.text()
    wrong = "A" if text[place] != "A" else "B"
    assert parse_key_text(text[:place] + wrong + text[place + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    ["", "lmn_", KEY.text()[:-1], KEY.text() + "\n", f" {KEY.text()}", "ключ", "x" * 10**6],
    ids=["nothing", "a beginning", "cut off", "a line", "a space", "a word", "very long"],
)
def test_what_no_key_looks_like_is_none(text):
    assert parse_key_text(text) is None
