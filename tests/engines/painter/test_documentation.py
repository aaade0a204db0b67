from pathlib import Path

import pytest

from limner.engines.painter import lexicon
from limner.engines.painter.engine import PALETTES, STYLES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "painter.md").read_text("utf-8")


@pytest.mark.parametrize("table", ["THING_WORDS", "TIMES", "WEATHERS", "PLACES", "SEASONS", "STYLES"])
def test_the_page_lists_every_word_the_painter_knows(table):
    for meaning, names in getattr(lexicon, table).items():
        words = ", ".join(names.split("|") if "|" in names else names.split())
        assert f"| {meaning} | {words} |" in PAGE


def test_the_page_lists_colours_sizes_and_tones():
    for words in (lexicon.COLOURS, lexicon.SIZES, PALETTES):
        assert ", ".join(words) in PAGE.replace("\n", " ")


def test_every_style_of_the_options_can_be_asked_for_in_words():
    assert set(STYLES) - {"illustration"} == set(lexicon.STYLES)


def test_the_contact_sheet_is_there_and_small():
    assert (ROOT / "docs" / "contact-sheet.png").stat().st_size < 1_500_000
