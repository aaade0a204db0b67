import re
from pathlib import Path

from limner.domain.job import FINAL_STATES, LEGAL_MOVES, JobState

LIFECYCLE = Path(__file__).parents[2] / "docs" / "job-lifecycle.md"


def test_the_documented_moves_are_the_legal_ones():
    documented = dict(re.findall(r"^\| (\w+) \|((?: \w+,?)*) ?\|$", LIFECYCLE.read_text(), re.MULTILINE))
    legal = {str(state): ", ".join(sorted(moves)) for state, moves in LEGAL_MOVES.items()}
    assert {state: moves.strip() for state, moves in documented.items() if state in legal} == legal


def test_the_drawn_moves_are_the_legal_ones():
    drawn = set(re.findall(r"^    (\w+) --> (\w+):", LIFECYCLE.read_text(), re.MULTILINE))
    assert drawn == {(str(state), str(move)) for state, moves in LEGAL_MOVES.items() for move in moves}


def test_final_states_are_never_left():
    assert {state for state in JobState if not LEGAL_MOVES[state]} == FINAL_STATES
    assert all(state.final == (state in FINAL_STATES) for state in JobState)
