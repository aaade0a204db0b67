from limner.actions.retry_budget import FREE, RetryBudget
from tests.repositories.making import SetClock


def within_a_minute(tries, retries):
    """How many of so many retries may be made within the minute in which so many tries are."""
    clock = SetClock()
    budget = RetryBudget(clock)
    made = 0
    for turn in range(tries):
        clock.pass_(60 / tries)
        budget.note_try("openai")
        if turn % max(1, tries // retries) == 0:
            made += clock.monotonic() + budget.book("openai") <= SetClock().monotonic() + 60
    return made


def test_a_few_retries_are_always_allowed():
    budget = RetryBudget(SetClock())
    assert [budget.book("openai") for _ in range(int(FREE))] == [0.0] * int(FREE)


def test_of_many_tries_a_tenth_may_be_retries():
    assert within_a_minute(1000, 1000) <= 100 + 2 * FREE


def test_what_is_too_much_now_is_booked_for_later_one_after_the_other():
    budget = RetryBudget(SetClock())
    waits = [budget.book("openai") for _ in range(int(FREE) + 3)][-3:]
    assert [round(wait) for wait in waits] == [6, 12, 18]


def test_a_minute_later_there_is_room_again():
    clock = SetClock()
    budget = RetryBudget(clock)
    for _ in range(int(FREE)):
        budget.book("openai")
    clock.pass_(60)
    assert budget.book("openai") == 0


def test_each_engine_has_its_own():
    budget = RetryBudget(SetClock())
    for _ in range(int(FREE)):
        budget.book("openai")
    assert budget.book("deepai") == 0
