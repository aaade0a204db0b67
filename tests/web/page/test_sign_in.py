"""The way in: a link that opens once, a key that is pasted once; and the way out."""

from playwright.sync_api import expect

from limner.actions.create_page_link import create_page_link


def stranger(visit, **options):
    visitor = visit(session=False, **options)
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    return visitor


def paste(visitor, key):
    visitor.page.get_by_label("API key").fill(key)
    visitor.page.get_by_label("API key").press("Enter")


def test_a_pasted_key_signs_in_and_is_said_by_its_user(visit, studio):
    visitor = stranger(visit, user="ann")
    expect(visitor.page.get_by_label("API key")).to_be_focused()
    paste(visitor, studio.key("ann"))
    expect(visitor.ready().prompt).to_be_focused()
    expect(visitor.page.locator("#who")).to_have_text("ann")
    expect(visitor.page.locator("#insecure")).to_be_hidden()


def test_a_wrong_key_is_refused_with_what_helps(visit):
    visitor = stranger(visit)
    paste(visitor, "lmn_wrong")
    expect(visitor.page.get_by_role("alert")).to_contain_text("limner page-link")
    expect(visitor.page.get_by_label("API key")).to_be_focused()


def test_a_link_signs_in_once_and_leaves_no_secret_in_the_address(visit, studio):
    link = studio.do(create_page_link("ann", repository=studio.assembly.repository)).key
    visitor = visit(session=False, path=f"/#sign-in={link}").ready()
    assert visitor.page.url == f"{visitor.url}/"
    again = visit(session=False, path=f"/#sign-in={link}")
    expect(again.page.get_by_role("alert")).to_contain_text("limner page-link")
    assert again.page.url == f"{again.url}/"


def test_a_link_that_is_used_up_sends_nobody_away_who_is_signed_in(visit):
    visitor = visit(path="/#sign-in=lmn_used").ready()
    expect(visitor.toast).to_contain_text("limner page-link")
    expect(visitor.prompt).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_hidden()


def test_a_link_to_a_picture_is_followed_after_signing_in(visit, studio):
    owner = visit("ann").paint("a fox of ann's")
    visitor = stranger(visit, path=owner.pictures.get_attribute("href"))
    paste(visitor, studio.key("ann"))
    expect(visitor.page.get_by_role("dialog", name="a fox of ann's")).to_be_visible()


def test_a_browser_that_keeps_no_cookies_is_told_so(visit, studio):
    visitor = stranger(visit)
    visitor.page.route("**/session", lambda route: (visitor.context.clear_cookies(), route.fallback()))
    paste(visitor, studio.key("ann"))
    expect(visitor.page.get_by_role("alert")).to_contain_text("keeps no cookie")


def test_signing_out_leads_to_the_way_in_and_ends_the_session(visit):
    visitor = visit().ready()
    cookies = visitor.context.cookies()
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.context.add_cookies(cookies)
    assert visitor.call("GET", "/jobs").status == 401


def test_who_could_not_be_signed_out_is_told_so(visit):
    visitor = visit().ready()
    visitor.page.route("**/session", lambda route: route.abort())
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.toast).to_contain_text("does not answer")


def test_a_connection_that_others_can_listen_to_says_so(visit):
    visitor = visit(host="limner.test").ready()
    expect(visitor.page.get_by_text("This connection is not encrypted")).to_be_visible()


def test_two_users_never_see_each_others_pictures(visit):
    ann, ben = visit().paint("a fox of ann's"), visit().paint("a hen of ben's")
    address = ann.pictures.get_attribute("href")
    expect(ben.pictures).to_have_count(1)
    ann.paint("another fox")
    expect(ben.page.get_by_text("fox")).to_have_count(0)
    ben.go(address)
    expect(ben.toast).to_contain_text("There is no such picture.")
    ann.page.reload()
    expect(ann.pictures).to_have_count(2)
    expect(ann.page.get_by_text("ben's")).to_have_count(0)
