"""docs/mini.md says what the engine takes and what the training makes."""

import inspect
import re
import tomllib
from pathlib import Path

import pytest

from limner.engines.mini.engine import GUIDANCE, STEPS, STRENGTH, Mini
from training import sources
from training.scale import FULL, WORDS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "mini.md").read_text("utf-8")
CARD = (ROOT / "packages" / "limner-mini" / "README.md").read_text("utf-8")
NOTICE = (ROOT / "packages" / "limner-mini" / "NOTICE").read_text("utf-8")
OPTIONS = inspect.signature(Mini).parameters


def test_exactly_the_options_that_there_are_are_documented():
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE) == list(OPTIONS)
    assert f"| batch | {OPTIONS['batch'].default} |" in table


def test_its_ranges_are_documented():
    can = Mini.capabilities
    assert f"It paints {can.min_width} to {can.max_width} pixels a side" in PAGE
    assert f"in {can.steps[0]} to {can.steps[1]} steps ({STEPS})" in PAGE
    assert f"guidance from {can.guidance[0]:g} to {can.guidance[1]:g} ({GUIDANCE:g})" in PAGE
    assert f"to leave an image ({STRENGTH})" in PAGE
    assert f"longer than {WORDS} pieces" in PAGE


def test_the_card_says_that_there_are_no_weights_and_what_they_will_be():
    assert "**No trained weights exist yet.**" in CARD
    assert f"{FULL.side} × {FULL.side} in patches of {FULL.patch}, {FULL.depth} blocks of width {FULL.width}" in CARD


def test_the_minutes_of_the_training_are_documented():
    assert f"{FULL.minutes['painter']:g} minutes in all" in PAGE
    assert sum(FULL.minutes.values()) <= 25
    least = FULL.least_steps
    assert f"{least['painter']:,} steps of the painter, {least['upscaler']:,} of the\nupscaler" in PAGE


@pytest.mark.parametrize("source", sources.SOURCES, ids=lambda source: source.name)
def test_the_notice_names_whose_work_it_is(source):
    assert source.by.partition(";")[0] in NOTICE
    assert source.licence.partition(" ")[0] in NOTICE


def test_torch_is_none_of_limners_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    asked = [*project["project"]["dependencies"], *extras["mini"], *project["dependency-groups"]["dev"]]
    assert not [one for one in asked if one.startswith("torch")]
    assert [re.match(r"\w+", one)[0] for one in extras["mini"]] == ["onnxruntime"]
