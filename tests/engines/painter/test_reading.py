import pytest

from limner.engines.painter import lexicon
from limner.engines.painter.plurals import singulars
from limner.engines.painter.reading import MOST, Tie, read
from limner.engines.painter.subjects import THINGS


def things(prompt):
    return [(one.name, one.count) for one in read(prompt).things]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a red fox", [("fox", 1)]),
        ("three boats", [("sailboat", 3)]),
        ("a dozen sunflowers", [("sunflower", 12)]),
        ("2 cats and 5 dogs", [("cat", 2), ("dog", 5)]),
        ("butterflies", [("butterfly", 3)]),
        ("two wolves", [("wolf", 2)]),
        ("a hot air balloon over hot air balloons", [("balloon", 1), ("balloon", 3)]),
        ("fish", [("fish", 3)]),
        ("a fish", [("fish", 1)]),
        ("a polar bear", [("polar bear", 1)]),
        ("the dragon's castle", [("dragon", 1), ("castle", 1)]),
        ("100 boats", [("sailboat", MOST)]),
        ("two dozen sheep", [("sheep", 24)]),
    ],
)
def test_things_and_counts(prompt, expected):
    assert things(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "colours"),
    [
        ("a red cat and a blue bird", [lexicon.COLOURS["red"], lexicon.COLOURS["blue"]]),
        ("a fox, grey", [lexicon.COLOURS["grey"]]),
        ("a gray fox", [lexicon.COLOURS["grey"]]),
        ("a fox on a red sofa", [None]),
        ("three cats", [None]),
    ],
)
def test_colours_belong_to_their_nouns(prompt, colours):
    assert [one.colour for one in read(prompt).things] == colours


@pytest.mark.parametrize(("word", "size"), [("tiny", 0.45), ("huge", 1.75)])
def test_sizes(word, size):
    assert read(f"a {word} mushroom").things[0].size == size


@pytest.mark.parametrize(
    ("prompt", "tie"),
    [
        ("an astronaut riding a horse", Tie("on", 0, 1)),
        ("a cat on top of a red book", Tie("on", 0, 1)),
        ("a person in a rowing boat", Tie("in", 0, 1)),
        ("a dragon flying over a castle", Tie("above", 0, 1)),
        ("a bear under a tree", Tie("under", 0, 1)),
        ("a cat beside a dog", Tie("beside", 0, 1)),
    ],
)
def test_how_things_belong_together(prompt, tie):
    assert read(prompt).ties == (tie,)


@pytest.mark.parametrize(
    ("prompt", "attribute", "value"),
    [
        ("at sunset", "time", "sunset"),
        ("by moonlight", "time", "night"),
        ("at the golden hour", "time", "golden"),
        ("in autumn", "season", "autumn"),
        ("in the fall", "season", "autumn"),
        ("watercolor", "style", "watercolour"),
        ("watercolour painting", "style", "watercolour"),
        ("stained glass", "style", "glass"),
        ("pixel art", "style", "pixel"),
        ("a calm sea", "water", "calm"),
    ],
)
def test_time_season_style_and_water(prompt, attribute, value):
    assert getattr(read(prompt), attribute) == value


def test_places_and_weathers_are_gathered():
    reading = read("a misty forest by a lake in the rain")
    assert reading.places == ("forest", "lake")
    assert reading.weathers == {"fog", "rain"}


def test_colours_of_sky_and_sea_are_tints():
    assert set(read("a purple sky over a green sea").tints) == {"sky", "sea"}


def test_without_leaves_things_out():
    assert things("a beach without people, no dogs and a boat") == [("sailboat", 1)]


def test_the_negative_prompt_takes_out_weathers_styles_and_places():
    reading = read("a fox in the rain in a city, oil painting", "rain, oil, city")
    assert (reading.weathers, reading.style, reading.places) == (frozenset(), None, ())


def test_a_style_alone_is_no_subject():
    assert read("watercolour").empty
    assert not read("sunset").empty


def test_every_name_of_every_thing_means_it():
    for meaning, names in lexicon.THING_WORDS.items():
        for name in names.split("|") if "|" in names else names.split():
            assert things(f"a {name}")[:1] == [(meaning, 1)], name


def test_the_lexicon_and_the_drawings_are_the_same_set():
    assert set(lexicon.THING_WORDS) == set(THINGS)
    assert set(lexicon.HABITATS) <= set(THINGS)


def test_singulars_of_odd_plurals():
    assert next(singulars("snowmen")) == "snowman"
    assert "berry" in singulars("berries")
