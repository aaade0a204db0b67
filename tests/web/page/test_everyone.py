"""Keyboards, screen readers, all sizes, all schemes; and prompts that would like to be more than text."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

HOSTILE = {
    "markup": '<img src=x onerror="document.title=1"><script>document.title=1</script>',
    "right to left": "a \u202efox\u202c that \u2067goes back",
    "long": "a fox " * 666 + "fox",
    "emoji": "🦊 and 👩‍👩‍👧 in the ❄️",
    "attribute": '" onmouseover="document.title=1" x=\'',
}


def faults(page):
    return [
        (fault["id"], [node["html"] for node in fault["nodes"]]) for fault in Axe().run(page).response["violations"]
    ]


@pytest.mark.parametrize("prompt", HOSTILE.values(), ids=HOSTILE)
def test_a_prompt_is_never_more_than_text(visit, prompt):
    visitor = visit().paint(prompt)
    expect(visitor.pictures.locator("bdi")).to_have_text(prompt, use_inner_text=False)
    visitor.pictures.hover()
    visitor.pictures.click()
    expect(visitor.page.locator("#picture-prompt")).to_have_text(prompt)
    assert visitor.page.locator("img[src=x], #page script").count() == 0
    assert visitor.page.title().endswith(" – Limner")


def test_all_of_it_works_by_keyboard_alone(visit):
    visitor = visit().ready()
    press = visitor.page.keyboard.press
    visitor.page.keyboard.type("a fox")
    press("Enter")
    expect(visitor.pictures).to_have_count(1)
    visitor.page.keyboard.type("a hen")
    press("Enter")
    expect(visitor.pictures).to_have_count(2)
    hen, fox = (visitor.page.get_by_role("link", name=name) for name in ("a hen", "a fox"))
    for _ in range(12):
        press("Tab")
        if hen.evaluate("link => link === document.activeElement"):
            break
    press("ArrowRight")
    expect(fox).to_be_focused()
    press("Enter")
    expect(visitor.page.get_by_role("dialog", name="a fox")).to_be_focused()
    press("ArrowLeft")
    expect(visitor.page.get_by_role("dialog", name="a hen")).to_be_visible()
    press("Escape")
    expect(hen).to_be_focused()


def test_what_lies_behind_an_open_picture_cannot_be_reached(visit):
    visitor = visit().paint()
    visitor.pictures.click()
    expect(visitor.page.get_by_role("dialog")).to_be_focused()
    for _ in range(12):
        visitor.page.keyboard.press("Tab")
        assert not visitor.page.evaluate("document.getElementById('page').contains(document.activeElement)")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_axe_finds_nothing_on_any_view(visit, studio, scheme, width):
    studio.gate_shut()
    visitor = visit(color_scheme=scheme, viewport={"width": width, "height": 900})
    found = {"empty": faults(visitor.ready().page)}
    visitor.ask("refuse this", model="gated").paint("a hen", model="instant").ask("a slow fox", model="gated")
    expect(visitor.page.get_by_role("progressbar")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Try again")).to_be_visible()
    found["painting"] = faults(visitor.page)
    visitor.ask("")
    found["faults"] = faults(visitor.page)
    visitor.pictures.click()
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    visitor.page.get_by_role("button", name="Copy a link").click()
    expect(visitor.page.locator("#link")).to_be_visible()
    found["picture"] = faults(visitor.page)
    visitor.page.get_by_role("button", name="Delete").click()
    expect(visitor.toast).to_be_visible()
    found["toast"] = faults(visitor.page)
    visitor.context.clear_cookies()
    visitor.page.reload()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    found["sign in"] = faults(visitor.page)
    assert {view: fault for view, fault in found.items() if fault} == {}


def test_nothing_moves_for_those_who_asked_for_that(visit, studio):
    studio.gate_shut()
    visitor = visit().ask("a slow fox", model="gated")
    expect(visitor.page.get_by_role("progressbar")).to_be_visible()
    assert visitor.page.evaluate("document.getAnimations().length") == 0
