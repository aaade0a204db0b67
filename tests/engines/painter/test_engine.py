import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from limner.contracts.engine import Progress
from limner.engines.painter import Painter
from limner.engines.painter.engine import STYLES
from tests.engines.painter.painting import details, painted, picture, strokes

PROMPT = "three red boats on a calm sea at sunset, watercolour"


def test_the_same_request_gives_the_same_bytes_in_another_process():
    script = f"import hashlib; from tests.engines.painter.painting import painted;print(hashlib.sha256(painted({PROMPT!r})[0].image).hexdigest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[3],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {hashlib.sha256(painted(PROMPT)[0].image).hexdigest()}


def test_another_seed_gives_another_picture():
    assert painted(PROMPT, seed=1)[0].image != painted(PROMPT, seed=2)[0].image


def test_every_missing_ordinal_is_painted_once_with_its_own_seed():
    found = painted("a fox", ordinals=(1, 3), seed=40)
    assert [(one.ordinal, one.seed) for one in found] == [(1, 41), (3, 43)]
    assert found[0].image != found[1].image


def test_an_ordinal_painted_alone_is_the_one_painted_with_others():
    assert painted("a fox", ordinals=(1,))[0].image == painted("a fox", ordinals=(0, 1))[1].image


def test_steps_count_up_to_the_end():
    steps = [one for one in strokes("a fox", ordinals=(0, 1)) if isinstance(one, Progress)]
    assert [one.step for one in steps] == list(range(1, steps[0].steps + 1))
    assert [one.ordinal for one in steps] == [0] * (len(steps) // 2) + [1] * (len(steps) // 2)


def test_previews_are_small_and_show_the_picture_growing():
    previews = [one.preview for one in strokes(PROMPT, (400, 300), previews=True) if isinstance(one, Progress)]
    opened = [Image.open(io.BytesIO(preview)) for preview in previews]
    assert {one.format for one in opened} == {"WEBP"}
    assert max(max(one.size) for one in opened) <= 256
    assert max(map(len, previews)) <= 24 * 1024
    assert len(set(previews)) > 5


def test_no_previews_are_made_for_those_who_want_none():
    assert all(one.preview is None for one in strokes("a fox") if isinstance(one, Progress))


def test_previews_do_not_change_the_picture():
    assert strokes(PROMPT, previews=True)[-1].image == strokes(PROMPT)[-1].image


@pytest.mark.parametrize("size", [(64, 64), (64, 2048), (2048, 64), (65, 131), (300, 200)])
@pytest.mark.parametrize(
    "prompt", ["an astronaut riding a horse", PROMPT, "fish underwater", "qwzx", "a city at night"]
)
def test_every_size_comes_out_as_asked(size, prompt):
    assert picture(prompt, size).size == size


@pytest.mark.parametrize("style", [style for style in STYLES if style != "illustration"])
def test_every_style_changes_the_picture(style):
    plain = picture("a lighthouse at dusk").tobytes()
    assert picture("a lighthouse at dusk", options={"style": style}).tobytes() != plain


@pytest.mark.parametrize("name", ["palette", "time", "weather"])
def test_every_value_of_every_option_is_painted(name):
    values = Painter.capabilities.options["properties"][name]["enum"]
    pictures = {picture("a house in the hills", options={name: value}).tobytes() for value in values}
    assert len(pictures) == len(values)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   ",
        "\x00\x07\x1b[31m fox \u202e",
        '<script>alert(1)</script> & "fox" ]]> <!-- &amp;',
        "🦊🚀🏠 in the ❄️",
        "ثعلب أحمر في الثلج",
        "狐狸",
        "99999999999999999999 boats",
        "²³ ½ boats " + "a" * 3000,
        "no no no without",
        "on on on in a a a red red",
        "boat " * 800,
        "a fox on a fox on a fox on a horse in a cup under a tree " * 60,
    ],
)
def test_hostile_prompts_are_painted(prompt):
    assert picture(prompt[:4000], negative_prompt=prompt[:4000]).size == (96, 96)


def test_words_not_understood_are_named_and_no_others():
    assert details("a red fox and a zeppelin in the snow at night, majestically") == {
        "not_understood": "I left out: zeppelin, majestically."
    }


def test_a_prompt_that_was_understood_has_no_notes():
    assert details(PROMPT) == {}


def test_nothing_understood_is_said_and_something_is_painted_all_the_same():
    assert "nothing_understood" in details("qwzx")
    assert len(set(picture("qwzx").resize((16, 16)).get_flattened_data())) > 40


def test_more_things_than_fit_are_admitted():
    assert "fewer" in details("a hundred boats")


def test_what_the_negative_prompt_names_is_left_out_and_said():
    assert details("a fox and a horse", negative_prompt="horse")["left_out"].endswith("horse.")
    assert painted("a fox and a horse", negative_prompt="horse")[0].image == painted("a fox")[0].image


@pytest.mark.parametrize("prompt", Painter.capabilities.examples)
def test_the_examples_are_understood_in_full(prompt):
    assert details(prompt) == {}
