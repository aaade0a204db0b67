"""The prompt, the model and what it takes; faults beside their fields; nothing asked twice, nothing lost."""

import pytest
from playwright.sync_api import expect


def test_the_prompt_has_the_focus(visit):
    expect(visit().prompt).to_be_focused()


def test_enter_asks_and_the_picture_hangs_in_the_gallery(visit):
    visitor = visit().ask("a red fox in snow")
    expect(visitor.pictures).to_have_count(1)
    expect(visitor.page.get_by_role("img", name="a red fox in snow")).to_be_visible()


def test_shift_and_enter_begin_a_new_line(visit):
    visitor = visit().ready()
    visitor.prompt.fill("a fox")
    visitor.prompt.press("Shift+Enter")
    visitor.prompt.press_sequentially("and a hen")
    expect(visitor.prompt).to_have_value("a fox\nand a hen")
    assert visitor.jobs() == []


def test_a_prompt_to_try_is_put_into_the_box(visit):
    visitor = visit().ready()
    visitor.page.get_by_role("button", name="anything").click()
    expect(visitor.prompt).to_have_value("anything")
    expect(visitor.prompt).to_be_focused()


def test_what_is_wrong_is_said_beside_its_field_in_the_apis_words(visit):
    visitor = visit().options()
    visitor.page.get_by_label("Width").fill("99999")
    visitor.page.get_by_label("Seed").fill("soon")
    visitor.page.locator("#more").click()
    visitor.ask("a fox")
    expect(visitor.page.locator("#width-fault")).to_contain_text("width is 99999; instant allows")
    expect(visitor.page.locator("#seed-fault")).to_contain_text("seed is text; it must be a whole number")
    expect(visitor.page.get_by_label("Width")).to_be_focused()
    expect(visitor.page.get_by_label("Width")).to_have_attribute("aria-invalid", "true")
    assert visitor.jobs() == []


def test_mending_a_fault_clears_it(visit):
    visitor = visit().ask("")
    expect(visitor.page.locator("#prompt-fault")).to_contain_text("prompt")
    visitor.ask("a fox")
    expect(visitor.pictures).to_have_count(1)
    expect(visitor.page.locator("#prompt-fault")).to_be_hidden()


def test_a_shape_is_a_size(visit):
    visitor = visit().ready()
    visitor.page.get_by_role("radio", name="Wide").check()
    visitor.ask("a fox")
    expect(visitor.pictures).to_have_count(1)
    request = visitor.jobs()[0]["request"]
    assert (request["width"], request["height"]) == (85, 48)


def test_another_model_keeps_the_shape_in_a_size_that_it_paints(visit):
    visitor = visit().ready().options()
    visitor.page.get_by_role("radio", name="Landscape").check()
    visitor.page.get_by_label("Model", exact=True).select_option("choosy")
    expect(visitor.page.get_by_role("radio", name="Landscape, 96 × 64")).to_be_checked()
    expect(visitor.page.get_by_role("radio")).to_have_count(3)


def test_a_size_that_is_left_to_the_model_is_not_told(visit):
    visitor = visit().ready().options()
    expect(visitor.page.locator("#chosen")).to_have_text("64 × 64")
    visitor.page.get_by_label("Width").fill("")
    expect(visitor.page.locator("#chosen")).to_have_text("")


def test_several_pictures_hang_side_by_side(visit):
    visitor = visit().paint("a fox", count="3")
    assert [image["index"] for image in visitor.jobs()[0]["images"]] == [0, 1, 2]


def test_the_models_schema_makes_the_form(visit):
    visitor = visit().ready().options()
    visitor.page.get_by_label("Model", exact=True).select_option("choosy")
    visitor.page.get_by_label("Mood").select_option("Wild")
    visitor.page.get_by_label("With a frame").select_option("No")
    visitor.page.get_by_label("Strength").fill("0.5")
    visitor.page.get_by_label("Colours").fill('["red", "blue"]')
    visitor.page.get_by_label("Steps").fill("7")
    visitor.paint("a choice")
    request = visitor.jobs()[0]["request"]
    assert request["options"] == {"mood": "wild", "frame": False, "strength": 0.5, "colours": ["red", "blue"]}
    assert request["steps"] == 7


def test_options_that_were_not_touched_are_left_to_the_model(visit):
    visitor = visit().paint("a choice", model="choosy")
    request = visitor.jobs()[0]["request"]
    assert (request["options"], request["steps"]) == ({}, None)


def test_a_fault_in_an_option_is_said_beside_it(visit):
    visitor = visit().ready().options()
    visitor.page.get_by_label("Model", exact=True).select_option("choosy")
    visitor.page.get_by_label("Strength").fill("7")
    visitor.ask("a choice")
    expect(visitor.page.locator("#option-strength-fault")).to_have_text("strength is 7; its maximum is 1.")


def test_what_another_model_does_not_take_is_not_offered(visit):
    visitor = visit().ready().options()
    expect(visitor.page.get_by_label("Leave out")).to_be_visible()
    visitor.page.get_by_label("Model", exact=True).select_option("gated")
    expect(visitor.page.get_by_label("Leave out")).to_be_hidden()


def test_what_was_being_written_is_there_after_a_reload(visit):
    visitor = visit().ready()
    visitor.prompt.fill("half a fox")
    visitor.page.get_by_role("radio", name="Tall").check()
    visitor.page.reload()
    visitor.ready()
    expect(visitor.prompt).to_have_value("half a fox")
    expect(visitor.page.get_by_role("radio", name="Tall")).to_be_checked()


def test_what_is_asked_before_the_models_are_known_is_painted_as_usual(visit):
    visitor = visit()
    visitor.page.route("**/models", lambda route: None)
    visitor.page.reload()
    visitor.prompt.fill("an early fox")
    visitor.prompt.press("Enter")
    expect(visitor.pictures).to_have_count(1)
    assert visitor.jobs()[0]["request"]["model"] == "instant"


def test_asking_again_after_an_answer_was_lost_asks_for_nothing_twice(visit):
    visitor = visit().ready()
    visitor.lose_answer()
    visitor.ask("a fox")
    expect(visitor.page.locator("#ask-fault")).to_contain_text("does not answer")
    visitor.prompt.press("Enter")
    expect(visitor.page.locator("#ask-fault")).to_be_hidden()
    expect(visitor.pictures).to_have_count(1)
    assert len(visitor.jobs()) == 1


@pytest.mark.parametrize("width", [360, 820, 2560])
def test_nothing_is_wider_than_the_window(visit, width):
    visitor = visit(viewport={"width": width, "height": 800}).paint("a fox " * 60, count="4").options()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_asked_before_the_last_answer_came_is_asked_too(visit):
    visitor = visit().ready()
    held = []
    visitor.page.route("**/images", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks handlers
    visitor.ask("a fox").ask("a hen")
    visitor.prompt.press("Enter")
    visitor.prompt.press_sequentially(" and a cow")
    expect(visitor.prompt).to_have_value("a hen and a cow")
    for route in held:
        route.continue_()
    expect(visitor.pictures).to_have_count(2)
    expect(visitor.prompt).to_have_value("a hen and a cow")
    assert sorted(job["request"]["prompt"] for job in visitor.jobs()) == ["a fox", "a hen"]
