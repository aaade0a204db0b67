import pytest

from limner.engines.painter.curves import ribbon, ridge
from limner.engines.painter.dice import Dice
from limner.engines.painter.noise import layered
from limner.engines.painter.palettes import PALETTES, under_weather
from limner.engines.painter.svg import Light, Pen


def test_dice_are_the_same_for_a_seed_and_independent_by_name():
    first, second = Dice(5), Dice(5)
    first.named("other").unit()
    assert [first.unit() for _ in range(3)] == [second.unit() for _ in range(3)]
    assert Dice(5).named("a").bits() != Dice(5).named("b").bits()


def test_dice_of_one_seed_never_change():
    dice = Dice(1).named("sky")
    assert [dice.whole(0, 999) for _ in range(3)] == [220, 437, 593]


def test_noise_stays_between_nought_and_one():
    field = layered(Dice(2), (40, 60), (20, 20))
    assert field.shape == (40, 60)
    assert -0.2 < field.min() < field.max() < 1.2


def test_a_ridge_spans_the_width_between_its_heights():
    line = ridge(Dice(3), 500, (10, 90), 0.5)
    assert (line[0][0], line[-1][0]) == (0, 500)
    assert (min(y for _, y in line), max(y for _, y in line)) == (10, 90)


def test_a_ribbon_is_closed():
    assert ribbon([(0, 0), (10, 5), (20, 0)], [4, 3, 1]).endswith("Z")


def test_equal_gradients_are_written_once():
    pen = Pen()
    for _ in range(3):
        pen.disc(0, 0, 5, "#ff0000")
    assert pen.document(10, 10).count("<linearGradient") == 1


def test_flat_light_draws_without_gradients():
    pen = Pen(Light(contrast=0))
    pen.disc(0, 0, 5, "#ff0000")
    assert "Gradient" not in pen.document(10, 10)


@pytest.mark.parametrize("weather", ["rain", "storm", "snow", "fog", "overcast"])
def test_weather_changes_the_light(weather):
    assert under_weather(PALETTES["day"], weather).ambient != PALETTES["day"].ambient


def test_clear_weather_changes_nothing():
    assert under_weather(PALETTES["day"], "clear") is PALETTES["day"]
