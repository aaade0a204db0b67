import numpy as np
import pytest

from limner.engines.mini.grid import Grid
from limner.engines.mini.words import Words, words_of


@pytest.fixture
def words():
    vocabulary = ["fox", "fo", "##x", "##es", "red"]
    return Words(vocabulary, np.arange(10, dtype=np.int8).reshape(5, 2), np.ones(5, np.float16), 3)


def test_words_are_small_letters_without_accents():
    assert words_of("Ein ROTÉR Fuchs, im_Schnee! 狐") == ["ein", "roter", "fuchs", "im", "schnee", "狐"]


def test_a_word_is_made_up_of_its_longest_pieces(words):
    reading = words.read("foxes")
    assert reading.known.tolist() == [1, 1, 0]
    assert reading.pieces.tolist() == [[0, 1], [6, 7], [0, 0]]


def test_a_word_that_cannot_be_made_up_is_unknown_as_a_whole(words):
    reading = words.read("red foxing foxing")
    assert reading.unknown == ("foxing",)
    assert reading.known.sum() == 1
    assert not reading.cut


def test_what_is_too_long_is_cut(words):
    assert words.read("red red red").cut is False
    assert words.read("red red red fox").cut is True


def test_an_empty_prompt_has_no_pieces(words):
    assert words.read("").known.sum() == 0


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 2), (16, 9), (3, 4)])
def test_a_grid_has_the_proportions_asked_for(size):
    grid = Grid.like(*size, tokens=256, patch=8)
    assert 230 <= grid.tokens <= 256
    assert grid.size[0] / grid.size[1] == pytest.approx(size[0] / size[1], rel=0.08)


def test_patches_make_up_the_picture_again():
    grid = Grid(columns=5, rows=3, patch=2)
    pixels = np.random.default_rng(1).random((6, 10, 3), np.float32)
    assert (grid.join(grid.cut(pixels)) == pixels).all()
    assert (grid.cut(pixels)[1, :3] == pixels[0, 2]).all()
