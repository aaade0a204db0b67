import pytest

from limner.domain.wording import kind_of, listed, meant, shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("paintr", "paintr"),
        ("a\x1b[31m\ud800", r"a\x1b[31m\ud800"),
        (5, "5"),
        (10**30, "a very large number"),
        (-(10**30), "a very small number"),
        (True, "true or false"),
        (None, "null"),
        ([1], "a list"),
        ({1}, "a set"),
    ],
)
def test_values_are_shown_printably(value, words):
    assert shown(value) == words


def test_a_number_of_five_thousand_digits_is_not_spelled_out():
    assert shown(10**5000) == "a very large number"


def test_long_values_are_cut():
    assert shown("x" * 5000) == "x" * 60 + "…"


def test_the_nearest_name_is_offered_and_a_far_one_is_not():
    assert meant("Watercolor", ["watercolour", "oil"]) == " Did you mean watercolour?"
    assert meant("zzz", ["watercolour", "oil"]) == ""


def test_long_lists_are_cut():
    assert listed([str(number) for number in range(25)]).endswith("18, 19 and 5 more")


def test_types_have_the_names_of_json():
    assert kind_of({}) == "an object"
