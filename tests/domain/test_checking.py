import math

import pytest

from limner.domain.capabilities import Capabilities
from limner.domain.checking import ask_faults, fit_faults, owner_fault
from limner.domain.request import Ask

PAINTER = Capabilities(default_width=768, default_height=768)
MODEL = Capabilities(
    negative_prompt=True, steps=(1, 50), guidance=(0.0, 20.0), size_multiple=8, min_width=100, max_prompt=10
)


def faults_of(can=PAINTER, **ask):
    given = Ask(**({"prompt": "a fox"} | ask))
    return [*ask_faults(given), *fit_faults(given, "painter", can)]


def only_fault(can=PAINTER, **ask):
    (fault,) = faults_of(can, **ask)
    return fault


def test_a_plain_ask_has_no_faults():
    assert faults_of(reference="order-17", metadata={"customer": "c_9"}, seed=0, width=2048, height=64) == []


@pytest.mark.parametrize("width", [0, 63, 2049, 1_000_000_000, -5, 10**30])
def test_a_size_out_of_range_names_the_limits(width):
    fault = only_fault(width=width)
    assert (fault.pointer, fault.code, fault.limits) == ("/width", "out_of_range", {"minimum": 64, "maximum": 2048})
    assert fault.detail.endswith("painter allows 64 to 2048.")


def test_the_words_are_those_of_the_wire():
    assert only_fault(width=2049).detail == "width is 2049; painter allows 64 to 2048."
    assert only_fault(count=0).detail == "count is 0; painter allows 1 to 8."
    assert only_fault(seed=2**32).detail == "seed is 4294967296; it may be 0 to 4294967295."
    assert only_fault(steps=5).detail == "painter takes no steps; leave it out."


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("width", "512", "width is text; it must be a whole number."),
        ("height", True, "height is true or false; it must be a whole number."),
        ("count", 1.5, "count is 1.5; it must be a whole number."),
        ("prompt", 7, "prompt is a number; it must be text."),
        ("reference", ["a"], "reference is a list; it must be text."),
        ("metadata", [1], "metadata is a list; it must be a JSON object."),
        ("options", None, "options is null; it must be a JSON object."),
        ("priority", None, "priority is null; it must be a whole number."),
    ],
)
def test_wrong_types_are_told_in_words(field, value, detail):
    fault = only_fault(**{field: value})
    assert (fault.pointer, fault.code, fault.detail) == (f"/{field}", "wrong_type", detail)


@pytest.mark.parametrize(
    ("field", "value"),
    [("count", 1000), ("seed", -1), ("seed", 2**32), ("priority", 10), ("priority", -1)],
)
def test_numbers_out_of_range_are_refused(field, value):
    assert only_fault(**{field: value}).code == "out_of_range"


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t"])
def test_an_empty_prompt_asks_for_words(prompt):
    fault = only_fault(prompt=prompt)
    assert (fault.code, fault.detail) == ("required", "prompt is empty; say what to paint.")


def test_a_prompt_of_33000_characters_is_too_long():
    fault = only_fault(prompt="x" * 33_000)
    assert (fault.code, fault.limits) == ("too_long", {"maximum": 4000})
    assert fault.detail == "prompt has 33000 characters; painter allows 4000."


@pytest.mark.parametrize("text", ["a\x00b", "bell\x07", "\x1b[31m", "a\x85b", "half \ud800", "\udcff"])
def test_text_that_nobody_can_keep_is_named_by_position(text):
    fault = only_fault(prompt=text)
    assert fault.code == "bad_text"
    assert "position" in fault.detail
    assert fault.detail.isprintable()


def test_line_breaks_tabs_and_other_scripts_are_welcome_in_prompts():
    assert faults_of(prompt="ein Fuchs\n\tim Schnee 狐 🦊\u200d") == []


@pytest.mark.parametrize("reference", ["two\nlines", "r" * 256, "\ud800"])
def test_a_reference_is_one_short_line(reference):
    assert only_fault(reference=reference).pointer == "/reference"


def test_what_the_model_does_not_take_is_refused_by_name():
    faults = faults_of(negative_prompt="dogs", steps=3, guidance=2.0)
    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("/negative_prompt", "not_supported"),
        ("/steps", "not_supported"),
        ("/guidance", "not_supported"),
    ]


def test_a_model_without_seeds_takes_none():
    assert only_fault(Capabilities(seeds=False), seed=5).code == "not_supported"


def test_what_the_model_takes_is_held_to_its_limits():
    assert faults_of(MODEL, width=104, negative_prompt="dogs", steps=50, guidance=7) == []
    assert only_fault(MODEL, steps=51).limits == {"minimum": 1, "maximum": 50}
    assert only_fault(MODEL, negative_prompt="d" * 11).code == "too_long"
    assert only_fault(MODEL, negative_prompt="\x00").code == "bad_text"
    assert only_fault(MODEL, guidance=math.nan).code == "out_of_range"


def test_a_size_off_the_grid_is_told_the_nearest_below():
    assert only_fault(MODEL, width=519).detail == "width is 519; painter takes multiples of 8, such as 512."
    assert only_fault(MODEL, width=101).detail == "width is 101; painter takes multiples of 8, such as 104."


def test_an_unknown_format_is_told_the_nearest_one():
    fault = only_fault(format="jpg")
    assert (fault.code, fault.limits) == ("unknown_format", {"allowed": ("png", "jpeg", "webp")})
    assert fault.detail == "format is jpg; painter writes png, jpeg, webp. Did you mean jpeg?"


def test_every_fault_is_told_at_once():
    faults = faults_of(prompt="", width=1, height=9999, count=0, seed=-1, format="gif")
    assert {fault.pointer for fault in faults} == {"/prompt", "/width", "/height", "/count", "/seed", "/format"}


@pytest.mark.parametrize("owner", ["", "x" * 129, "a\nb", "\ud800", 7, None])
def test_an_owner_is_one_short_line_of_text(owner):
    assert owner_fault(owner)


def test_an_owner_may_be_any_short_text():
    assert owner_fault("user|42 – 狐") is None


PAIRS = Capabilities(max_width=1536, max_height=1536, sizes=((1024, 1024), (1536, 1024), (1024, 1536)))
FREE = Capabilities(max_width=3840, max_height=3840, max_ratio=3.0, max_pixels=3840 * 2160)


@pytest.mark.parametrize("size", [{}, {"width": 1536}, {"height": 1536}, {"width": 1024, "height": 1536}])
def test_a_size_that_is_listed_fits_and_the_open_side_follows(size):
    assert faults_of(PAIRS, **size) == []


@pytest.mark.parametrize(
    ("can", "size", "detail", "limits"),
    [
        (
            PAIRS, {"width": 1536, "height": 1536},
            "The size is 1536 × 1536; painter allows 1024 × 1024, 1536 × 1024, 1024 × 1536.",
            {"allowed": ["1024 × 1024", "1536 × 1024", "1024 × 1536"]},
        ),
        (FREE, {"width": 3840}, "The size is 3840 × 1024; painter allows sides of 3 : 1 at most.", {"max_ratio": 3.0}),
        (
            FREE, {"width": 3840, "height": 3840},
            "The size is 3840 × 3840; painter allows 8294400 pixels at most.", {"max_pixels": 8294400},
        ),
    ],
)  # fmt: skip
def test_both_sides_together_have_limits_too(can, size, detail, limits):
    fault = only_fault(can, **size)
    assert (fault.pointer, fault.code, fault.detail, fault.limits) == ("/width", "out_of_range", detail, limits)


def test_only_a_size_whose_sides_are_right_is_looked_at_as_a_whole():
    assert [fault.pointer for fault in faults_of(PAIRS, width=7, height=9999)] == ["/width", "/height"]
