import pytest

from limner.storages.key import checked, is_below

KEYS = ["a", "0199c2a4-7d1e-7c3a-9f0e-2b8c5a6d1e40/0/1.png", "a/b..c/d", "_x/-y", "a" * 200]

NOT_KEYS = [
    "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/./b", ".hidden", "a/.hidden",
    "A", "a b", "a\\b", "a\0b", "a\nb", "a\n", "C:/x", "a,b", "ä", "a%2e", "~", "a" * 201,
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_relative_path_of_plain_segments_is_a_key(key):
    assert checked(key) == key


@pytest.mark.parametrize("key", NOT_KEYS)
def test_anything_else_is_refused(key):
    with pytest.raises(ValueError, match="storage key"):
        checked(key)


@pytest.mark.parametrize(("prefix", "below"), [("", True), ("a", True), ("a/", True), ("a/b", True), ("a/bc", False)])
def test_a_prefix_is_whole_segments(prefix, below):
    assert is_below("a/b", prefix) is below
