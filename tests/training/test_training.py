"""What of the training can be tried without torch."""

import random
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.engines.mini.toy import DEPTH, WORD_SIZE, WORDS, painter
from training import sources
from training.captions import PLACES, Captions, Choice, held_out, spoken, withheld
from training.pieces import join, split
from training.quantise import quantised
from training.report import tables

OPEN = ("MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0")
CONCEPTS = [{"name": "fox", "synonyms": ["vixen", "animal"]}, *[{"name": "owl", "synonyms": ["animal"]}] * 3]


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def asked():
    dice = np.random.default_rng(2)
    shapes = {"patches": (4, 16, DEPTH), "positions": (4, 16, 2), "time": (4,), "words": (4, WORDS, WORD_SIZE)}
    given = {name: dice.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    given["patches"][3] *= 50  # a batch's largest number must not change the others
    return given | {"known": np.ones((4, WORDS), np.float32)}


def test_a_quantised_graph_says_nearly_the_same(asked):
    (whole,), (small,) = (session(model).run(None, asked) for model in (painter(), quantised(painter())))
    assert np.abs(whole - small)[:3].max() < 0.1
    assert np.abs(whole - small)[:3].mean() < 0.02


def test_a_quantised_graph_says_the_same_of_each_row_alone(asked):
    model = session(quantised(painter()))
    (together,) = model.run(None, asked)
    for row in range(4):
        (alone,) = model.run(None, {name: value[row : row + 1] for name, value in asked.items()})
        assert np.abs(together[row] - alone[0]).max() < 1e-6


def test_a_quantised_graph_holds_no_matrix_twice():
    kinds = {tensor.name: tensor.data_type for tensor in quantised(painter()).graph.initializer}
    assert {"A/int8", "B/int8", "C/int8"} <= set(kinds)
    assert not {"A", "B", "C"} & set(kinds)


def test_every_source_is_named_with_version_licence_and_digest():
    for source in sources.SOURCES:
        assert source.licence.startswith(OPEN)
        assert re.fullmatch(r"\d+(\.\d+)+", source.version)
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
        assert source.by


def test_the_judge_sees_no_art_of_the_painter():
    assert not {one.name for one in sources.of("painter")} & {one.name for one in sources.of("judge")}
    assert all(source.style for source in sources.of("painter"))


def test_a_package_of_another_digest_is_refused(tmp_path):
    source = sources.of("captions")[0]
    (tmp_path / source.file).write_bytes(b"something else")
    with pytest.raises(SystemExit, match="not the file that was agreed on"):
        sources.fetch(source, tmp_path)


def test_captions_name_thing_tint_style_and_place():
    captions = Captions(CONCEPTS, ["flat"], random.Random(1))
    found = {captions.caption(Choice(0, 0, 9, tint=1)) for _ in range(300)}
    assert "" in found
    assert all("red fox" in one or "red vixen" in one for one in found - {""})
    assert any("flat" in one and any(name in one for name in PLACES[9].names) for one in found)


def test_a_fifth_of_all_pairs_is_held_out_of_every_thing_and_place():
    pairs = [(concept, place) for concept in range(100) for place in range(len(PLACES))]
    held = [pair for pair in pairs if held_out(*pair)]
    assert len(held) / len(pairs) == pytest.approx(0.2, abs=0.01)
    assert {place for _, place in held} == set(range(len(PLACES)))
    assert len({concept for concept, _ in held}) == 100


def test_things_withheld_in_a_style_are_shown_in_others():
    shown = [sum(not withheld(concept, style, 3) for style in range(3)) for concept in range(160)]
    assert shown.count(2) == 10
    assert shown.count(3) == 150


def test_pieces_make_up_the_whole(tmp_path):
    content = random.Random(1).randbytes(1000)
    files = split(content, tmp_path, most=300)
    assert [file.stat().st_size for file in files[:-1]] == [300, 300, 300, 100]
    assert join(tmp_path) == content


def test_a_damaged_piece_is_refused(tmp_path):
    first, *_ = split(b"abc" * 100, tmp_path, most=100)
    first.write_bytes(b"x" * 100)
    with pytest.raises(SystemExit, match="do not make up"):
        join(tmp_path)


def test_there_are_48_prompts():
    prompts = (Path(__file__).parents[2] / "training" / "prompts.txt").read_text("utf-8").splitlines()
    assert len(set(prompts)) == len(prompts) == 48


def test_figures_become_lists_and_tables():
    figures = {"pictures": 1200, "judged": {"seen": {"best": 12.345}, "held out": {"best": 0.5}}, "floor": {"real": 3}}
    assert tables(figures).split("\n\n") == [
        "| | |\n|---|---|\n| pictures | 1,200 |",
        "**judged**",
        "| | best |\n|---|---|\n| seen | 12.3 |\n| held out | 0.5 |",
        "**floor**",
        "| | |\n|---|---|\n| real | 3 |\n",
    ]


def test_the_evaluation_asks_in_the_simplest_words():
    captions = Captions(CONCEPTS, ["flat", ""], random.Random(1))
    assert captions.plain(Choice(0, 0, 9, tint=1)) == "a flat red fox in snow"
    assert captions.plain(Choice(1, 1, 0)) == "an owl on white"


@pytest.mark.parametrize("thing", ["unicorn", "ukulele", "one piece swimsuit", "euro", "red owl"])
def test_what_is_spoken_with_a_consonant_has_a(thing):
    assert spoken(f"a  {thing}") == f"a {thing}"


@pytest.mark.parametrize("thing", ["owl", "umbrella", "unimpressed cat", "hourglass"])
def test_what_is_spoken_with_a_vowel_has_an(thing):
    assert spoken(f"a {thing}") == f"an {thing}"


def test_no_synonym_is_another_things_name():
    concepts = [{"name": "banana", "synonyms": ["monkey", "plantain"]}, {"name": "monkey", "synonyms": ["banana"]}]
    captions = Captions(concepts, ["flat"], random.Random(1))
    assert not [one for one in (captions.caption(Choice(0, 0, 9)) for _ in range(200)) if "monkey" in one]
    assert not [one for one in (captions.caption(Choice(1, 0, 9)) for _ in range(200)) if "banana" in one]
