from limner.domain.route import fallback_note, next_on_route


def following(index, *waits, patience=10.0):
    return next_on_route(index, len(waits), waits.__getitem__, patience)


def test_the_next_in_order_takes_over():
    assert following(0, 60.0, 0.0, 0.0) == 1


def test_an_engine_that_is_paused_too_is_passed_over():
    assert following(0, 60.0, 30.0, 0.0) == 2


def test_a_pause_that_is_worth_waiting_for_does_not_change_the_order():
    assert following(0, 60.0, 9.0, 0.0) == 1


def test_where_all_are_paused_the_one_that_is_back_first_is_next():
    assert following(0, 5.0, 600.0, 60.0) == 2


def test_nothing_comes_after_the_last():
    assert following(1, 0.0, 0.0) is None


def test_people_are_told_who_took_over_and_why():
    note = fallback_note(["openai/gpt-image-1", "deepai"], 0, 1, "provider_rate_limited")
    assert (note.code, note.detail) == ("fallback", "deepai took over: openai/gpt-image-1 is rate limited.")
    assert "could not paint it" in fallback_note(["a", "b"], 0, 1, "engine_crashed").detail
