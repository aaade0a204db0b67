import io

import numpy as np
import pytest
from PIL import Image

from limner.contracts.engine import Painted
from tests.engines.mini.painting import painted, pixels, png, progress, strokes, task

HOUSE = np.random.default_rng(5).integers(0, 256, (96, 96, 3))


def distance(one, other):
    return np.abs(one - other).mean()


def test_each_step_is_told_with_a_small_preview(weights):
    told = progress(weights, task(width=512, height=256, steps=5))
    assert [(one.step, one.steps, one.ordinal) for one in told] == [(step, 5, 0) for step in range(1, 6)]
    assert {Image.open(io.BytesIO(one.preview)).size for one in told} == {(256, 128)}
    assert max(len(one.preview) for one in told) <= 24 * 1024


def test_previews_come_nearer_to_the_picture(weights):
    *told, last = strokes(weights, task(width=64, height=64, steps=8))[0]
    distances = [distance(pixels(one.preview), pixels(last.image)) for one in told]
    assert distances[-1] == min(distances)
    assert distances[-1] < distances[0]


@pytest.mark.parametrize("size", [(64, 64), (65, 129), (512, 256), (700, 1024), (1024, 1024)])
def test_every_size_comes_out_as_asked(weights, size):
    (picture,) = painted(weights, task(width=size[0], height=size[1], steps=2))
    assert picture.shape[1::-1] == size


@pytest.mark.parametrize("change", [{"steps": 3}, {"guidance": 9.0}, {"negative_prompt": "snow"}, {"prompt": "a box"}])
def test_what_is_asked_for_changes_the_picture(weights, change):
    plain, changed = painted(weights, task(), task(**change))
    assert distance(plain, changed) > 0


def test_without_guidance_a_negative_prompt_says_nothing(weights):
    plain, changed = painted(weights, task(guidance=1.0), task(guidance=1.0, negative_prompt="snow"))
    assert distance(plain, changed) == 0


def test_the_weaker_a_paint_the_nearer_it_stays_to_its_image(weights):
    given = {"inputs": [("image", png(HOUSE))], "width": 96, "height": 96}
    found = painted(weights, *(task(strength=strength, **given) for strength in (0.0, 0.3, 1.0)))
    distances = [distance(one, HOUSE) for one in found]
    assert distances[0] == 0
    assert distances == sorted(distances)


def test_an_image_with_transparent_places_is_seen_on_white(weights):
    (picture,) = painted(weights, task(inputs=[("image", png(np.zeros((64, 64, 4))))], strength=0.0))
    assert (picture == 255).all()


def test_a_weak_paint_takes_fewer_steps(weights):
    assert len(progress(weights, task(inputs=[("image", png(HOUSE))], strength=0.5, steps=8))) == 4


def test_a_mask_keeps_what_is_black_to_the_pixel(weights):
    mask = np.zeros((96, 96))
    mask[:, 48:] = 255
    inputs = [("image", png(HOUSE)), ("mask", png(mask))]
    (picture,) = painted(weights, task(inputs=inputs, strength=1.0, width=96, height=96))
    assert distance(picture[:, :48], HOUSE[:, :48]) == 0
    assert distance(picture[:, 48:], HOUSE[:, 48:]) > 5


def test_a_picture_painted_with_others_is_the_one_painted_alone(weights):
    tasks = [task(seed=seed, steps=4 + seed) for seed in range(4)]
    together = painted(weights, *tasks, shared=True)
    for one, merged in zip(tasks, together, strict=True):
        (alone,) = painted(weights, one)
        assert np.abs(alone - merged).max() <= 1


def test_words_it_does_not_know_are_named(weights):
    (last,) = [one for one in strokes(weights, task("a red zeppelin 狐"))[0] if isinstance(one, Painted)]
    assert [note.detail for note in last.notes if note.code == "not_understood"] == ["I do not know: zeppelin, 狐."]


def test_unwanted_words_it_does_not_know_are_named_too(weights):
    (last,) = [one for one in strokes(weights, task(negative_prompt="zeppelin"))[0] if isinstance(one, Painted)]
    assert [note.detail for note in last.notes if note.code == "not_understood"] == ["I do not know: zeppelin."]


def test_a_prompt_that_is_too_long_is_cut_and_told(weights):
    (last,) = [one for one in strokes(weights, task("red " * 9))[0] if isinstance(one, Painted)]
    assert [note.detail for note in last.notes if note.code == "cut"] == [
        "I read the first 8 pieces of words; the rest was left out."
    ]
