"""The gallery, one picture large, and what can be done with it."""

import httpx
import pytest
from playwright.sync_api import expect

MAGIC = {"PNG": b"\x89PNG", "JPEG": b"\xff\xd8\xff", "WebP": b"RIFF"}


@pytest.fixture(scope="module")
def collector(studio):
    """Somebody with three pictures, who looks at them and changes nothing."""
    visitor = studio.visitor(studio.new_user()).go()
    for prompt in ("an ape", "a bee", "a cat"):
        visitor.paint(prompt)
    yield visitor
    visitor.leave()


@pytest.fixture
def gallery(collector):
    collector.go()
    expect(collector.pictures).to_have_count(3)
    return collector


def shown(visitor):
    return visitor.page.get_by_role("dialog")


def test_a_picture_opens_large_with_its_settings_and_closes_by_escape(gallery):
    gallery.page.get_by_role("link", name="a bee").click()
    expect(gallery.page.get_by_role("dialog", name="a bee")).to_be_visible()
    expect(shown(gallery).get_by_text("64 × 64")).to_be_visible()
    gallery.page.keyboard.press("Escape")
    expect(shown(gallery)).to_be_hidden()
    expect(gallery.page.get_by_role("link", name="a bee")).to_be_focused()
    assert gallery.page.url == f"{gallery.url}/"


def test_the_back_button_closes_and_the_forward_button_opens(gallery):
    gallery.page.get_by_role("link", name="a bee").click()
    expect(shown(gallery)).to_be_visible()
    gallery.page.go_back()
    expect(shown(gallery)).to_be_hidden()
    gallery.page.go_forward()
    expect(gallery.page.get_by_role("dialog", name="a bee")).to_be_visible()


def test_arrow_keys_go_from_picture_to_picture(gallery):
    gallery.page.get_by_role("link", name="a cat").click()
    for key, name in (
        ("ArrowRight", "a bee"),
        ("ArrowRight", "an ape"),
        ("ArrowRight", "an ape"),
        ("ArrowLeft", "a bee"),
    ):
        gallery.page.keyboard.press(key)
        expect(gallery.page.get_by_role("dialog", name=name)).to_be_visible()
    gallery.page.go_back()
    expect(shown(gallery)).to_be_hidden()


def test_a_deep_link_opens_one_picture(gallery):
    address = gallery.page.get_by_role("link", name="a bee").get_attribute("href")
    gallery.go(address)
    expect(gallery.page.get_by_role("dialog", name="a bee")).to_be_visible()
    assert gallery.page.title() == "a bee – Limner"
    gallery.page.get_by_role("link", name="Close").click()
    expect(gallery.pictures).to_have_count(3)


def test_a_picture_that_is_not_there_is_said_so(gallery):
    gallery.go("/pictures/01999999-0000-7000-8000-000000000000")
    expect(gallery.toast).to_contain_text("There is no such picture.")
    expect(gallery.pictures).to_have_count(3)


@pytest.mark.parametrize("kind", MAGIC)
def test_a_picture_is_downloaded_in_the_format_that_was_chosen(gallery, kind):
    gallery.page.get_by_role("link", name="a bee").click()
    with gallery.page.expect_download() as download:
        shown(gallery).get_by_role("link", name=kind).click()
    assert download.value.path().read_bytes().startswith(MAGIC[kind])


def test_a_copied_link_opens_for_whoever_has_it(gallery):
    gallery.page.get_by_role("link", name="a bee").click()
    shown(gallery).get_by_role("button", name="Copy a link").click()
    field = shown(gallery).get_by_label("Whoever has this link")
    expect(field).to_be_visible()
    assert httpx.get(field.input_value(), timeout=20).content.startswith(MAGIC["PNG"])


def test_a_tile_has_its_pictures_shape_and_colour_before_the_picture_comes(gallery):
    gallery.page.route("**/thumbnail/**", lambda route: None)
    gallery.page.reload()
    expect(gallery.pictures).to_have_count(3)
    first = gallery.pictures.first
    box = first.bounding_box()
    assert box["width"] == pytest.approx(box["height"])
    assert first.evaluate("tile => tile.style.backgroundColor") != ""
    gallery.page.unroute_all()


def test_again_with_a_new_seed_paints_another_of_the_same(visit):
    visitor = visit().paint("a fox")
    visitor.pictures.click()
    shown(visitor).get_by_role("button", name="Again with a new seed").click()
    expect(visitor.pictures).to_have_count(2)
    first, second = (job["request"] for job in visitor.jobs())
    assert first["seed"] != second["seed"]
    assert {**first, "seed": 0} == {**second, "seed": 0}


def test_again_after_an_answer_was_lost_paints_nothing_twice(visit):
    visitor = visit().paint("a fox")
    visitor.pictures.click()
    again = shown(visitor).get_by_role("button", name="Again with a new seed")
    visitor.lose_answer()
    again.click()
    expect(visitor.toast).to_contain_text("does not answer")
    again.click()
    expect(shown(visitor)).to_be_hidden()
    expect(visitor.pictures).to_have_count(2)
    assert len(visitor.jobs()) == 2


def test_again_starts_from_the_same_picture_and_says_so(visit):
    visitor = visit().paint("a fox")
    first = visitor.jobs()[0]["images"][0]["id"]
    ask = {"prompt": "a fox in winter", "strength": 0.5, "inputs": [{"role": "image", "image": first}]}
    visitor.call("POST", "/images", data=ask)
    visitor.page.get_by_role("link", name="a fox in winter").click()
    expect(shown(visitor).locator("#settings")).to_contain_text("Started from")
    shown(visitor).get_by_role("button", name="Again with a new seed").click()
    expect(visitor.pictures).to_have_count(3)
    assert visitor.jobs()[0]["request"]["inputs"] == visitor.jobs()[1]["request"]["inputs"]


def test_start_from_these_settings_fills_the_form(visit):
    visitor = visit().paint("a choice", model="choosy")
    visitor.pictures.click()
    seed = str(visitor.jobs()[0]["request"]["seed"])
    shown(visitor).get_by_role("button", name="Start from these settings").click()
    expect(visitor.prompt).to_be_focused()
    expect(visitor.prompt).to_have_value("a choice")
    visitor.options()
    expect(visitor.page.get_by_label("Seed")).to_have_value(seed)
    expect(visitor.page.get_by_label("Model", exact=True)).to_have_value("choosy")


def test_a_deleted_picture_is_gone_at_once_and_comes_back_by_undo(visit):
    visitor = visit().paint("a fox")
    visitor.pictures.click()
    shown(visitor).get_by_role("button", name="Delete").click()
    expect(shown(visitor)).to_be_hidden()
    expect(visitor.pictures).to_have_count(0)
    visitor.toast.get_by_role("button", name="Undo").click()
    expect(visitor.pictures).to_have_count(1)
    assert not visitor.jobs()[0]["images"][0]["deleted"]


def test_deleting_one_of_many_shows_the_next(visit):
    visitor = visit().paint("an ape").paint("a bee")
    visitor.page.get_by_role("link", name="a bee").click()
    shown(visitor).get_by_role("button", name="Delete").click()
    expect(visitor.page.get_by_role("dialog", name="an ape")).to_be_visible()


def test_a_long_gallery_loads_page_by_page_and_keeps_the_document_small(visit, studio):
    user = studio.new_user()
    studio.submit(user, [f"fox {number}" for number in range(75)], count=6)
    visitor = visit(user)
    oldest = visitor.page.get_by_role("link", name="fox 0", exact=True).last
    for _ in range(100):
        visitor.page.mouse.wheel(0, 3000)
        if oldest.is_visible():
            break
    expect(oldest).to_be_visible()
    assert visitor.page.locator(".cell").count() < 150
