import pytest

from limner.engines.painter.canvas import Canvas
from limner.engines.painter.reading import read
from limner.engines.painter.scene import compose
from limner.engines.painter.subjects import THINGS
from limner.engines.painter.svg import Light, Pen


def drawn(draw, colour, light=None):
    pen = Pen(light or Light())
    with pen.moved(150, 200, 1.0):
        draw(pen, colour)
    return Canvas(64, 64, (300, 300)).layer(pen).getchannel("A")


@pytest.mark.parametrize("name", THINGS)
def test_every_thing_has_a_drawing_that_fits_its_measures(name):
    thing = THINGS[name]
    left, top, right, bottom = drawn(thing.draw, thing.colour).point(lambda alpha: 255 * (alpha > 160)).getbbox()
    assert (bottom - top) * 300 / 64 > 40
    assert (right - left) * 300 / 64 < thing.width * 1.35 + 25


@pytest.mark.parametrize("name", [name for name, thing in THINGS.items() if thing.seated])
def test_riders_have_a_drawing_astride(name):
    assert drawn(THINGS[name].seated, THINGS[name].colour).getbbox()


@pytest.mark.parametrize("name", ["house", "castle", "lighthouse", "car", "tent"])
def test_lamps_are_lit_at_night(name):
    day, night = (Pen(Light(night=night)) for night in (False, True))
    for pen in (day, night):
        THINGS[name].draw(pen, THINGS[name].colour)
    assert day.document(10, 10) != night.document(10, 10)


def placed(prompt, seed=3):
    return {one.name: one for one in compose(read(prompt), (512, 512), seed, {}).placed}


@pytest.mark.parametrize("seed", range(6))
def test_a_rider_sits_in_the_saddle(seed):
    found = placed("an astronaut riding a horse", seed)
    horse, rider = found["horse"], found["astronaut"]
    facing = -1 if horse.mirror else 1
    assert rider.seated
    assert (rider.x - horse.x) / horse.scale == pytest.approx(THINGS["horse"].seat[0] * facing)
    assert (rider.y - horse.y) / horse.scale == pytest.approx(THINGS["horse"].seat[1])


@pytest.mark.parametrize(
    ("prompt", "name", "where"),
    [
        ("three red boats", "sailboat", "water"),
        ("a fox", "fox", "ground"),
        ("a full moon over a house", "moon", "sky"),
        ("a fish", "fish", "deep"),
        ("a dragon above a castle", "dragon", "sky"),
        ("a cat on a book", "cat", "held"),
    ],
)
def test_things_are_where_they_belong(prompt, name, where):
    assert placed(prompt)[name].where == where


@pytest.mark.parametrize("prompt", ["three boats on the sea", "two boats on a lake", "a ship on the ocean"])
def test_boats_float_between_the_edges_of_the_water(prompt):
    scene = compose(read(prompt), (512, 384), 5, {})
    top, bottom = scene.water
    assert all(top < one.y < bottom for one in scene.placed)


@pytest.mark.parametrize("size", [(512, 512), (300, 900), (900, 300)])
@pytest.mark.parametrize(
    "prompt", ["a fox", "a dozen sheep", "an astronaut riding a horse", "hot air balloons", "a huge whale"]
)
def test_things_stay_within_the_picture(prompt, size):
    scene = compose(read(prompt), size, 11, {})
    for one in scene.placed:
        assert -0.1 * scene.width < one.x - one.wide / 2
        assert one.x + one.wide / 2 < 1.1 * scene.width
        assert one.y - one.high > -0.05 * scene.height
        assert one.y < scene.height
