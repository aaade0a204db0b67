import pytest

from limner.cli.output import Bar, echo_table, seed_of, shorten, slug, write_new


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("three red boats on a calm sea, watercolour", "three-red-boats-on-a-calm-sea"),
        ("Ein Fuchs im Schnee!", "ein-fuchs-im-schnee"),
        ("/etc/passwd", "etc-passwd"),
        ("...", "picture"),
        ("x" * 500, "picture"),
        ("a " * 100, "a" + "-a" * 29),
    ],
)
def test_a_slug_is_a_safe_short_name(prompt, name):
    assert slug(prompt) == name


def test_a_file_that_is_there_is_never_written(tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    assert write_new(tmp_path / "a.png", b"new") == tmp_path / "a-2.png"
    assert write_new(tmp_path / "a.png", b"new") == tmp_path / "a-3.png"
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_a_table_has_columns_as_wide_as_their_cells(capsys):
    echo_table(("A", "B"), [("long cell", 1), ("x", 22)], nothing="Nothing.")
    assert capsys.readouterr().out == "A          B\nlong cell  1\nx          22\n"


def test_an_empty_table_is_a_sentence(capsys):
    echo_table(("A",), [], nothing="Nothing.")
    assert capsys.readouterr().out == "Nothing.\n"


def test_long_and_many_lined_text_becomes_one_short_line():
    assert shorten("a\nb", 10) == "a b"
    assert shorten("abcdefghijkl", 6) == "abcde…"


def test_the_bar_never_goes_back():
    bar = Bar(live=False)
    bar.show({"fraction": 0.5, "step": 4, "steps": 8})
    bar.show({"fraction": 0.25, "step": 0, "steps": None})
    assert str(bar).startswith("████████░░░░░░░░ 4/8   ")


def test_on_a_terminal_the_bar_is_drawn_in_place_and_cleared(capsys):
    bar = Bar(live=True)
    bar.wait("waiting")
    bar.clear()
    bar.clear()
    assert capsys.readouterr().err == "\r\x1b[2K  ░░░░░░░░░░░░░░░░ waiting\r\x1b[2K"


def test_a_seed_is_told_where_there_is_one():
    assert seed_of({"seed": 0}) == "  seed 0"
    assert seed_of({"seed": None}) == ""
