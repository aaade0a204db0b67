import re
from pathlib import Path

import pytest

from limner.domain.errors import ContractBroken
from limner.domain.job import FINAL_STATES, LARGEST_HANDLE, LEGAL_MOVES, Call, CallPhase, JobState

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


def call_with(handle):
    return Call(first_ordinal=0, count=1, attempt=1, phase=CallPhase.SUBMITTED, request_key="k", handle=handle)


def test_a_handle_of_the_largest_size_is_taken():
    handle = "ü" * (LARGEST_HANDLE // 2 - 1)
    assert call_with(handle).handle == handle


@pytest.mark.parametrize("handle", ["ü" * (LARGEST_HANDLE // 2), object(), float("nan"), "\ud800"])
def test_a_handle_that_is_too_large_or_no_json_breaks_the_contract(handle):
    with pytest.raises(ContractBroken, match="handle"):
        call_with(handle)
