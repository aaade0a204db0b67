"""Waiting, painting, done; cancelled, failed, tried again; networks that go and sessions that end."""

import re

from playwright.sync_api import expect

from limner.actions.revoke_key import revoke_key


def tile(visitor, prompt):
    return visitor.page.locator(".cell", has_text=prompt)


def test_a_job_is_seen_waiting_then_painted_then_done_in_one_place(studio, visit):
    studio.gate_shut()
    visitor = visit().ask("a slow fox", model="gated")
    expect(visitor.page.get_by_role("progressbar", name="Painting: a slow fox")).to_have_attribute(
        "aria-valuenow", "50"
    )
    expect(visitor.page.locator(".painting img")).to_be_visible()
    cell = visitor.page.locator(".cell").element_handle()
    before = cell.bounding_box()
    studio.gate_open()
    expect(visitor.pictures).to_have_count(1)
    assert cell.query_selector("a.picture")
    assert cell.bounding_box() == before


def test_a_waiting_job_says_how_many_are_before_it(visit, studio):
    studio.gate_shut()
    user = studio.new_user()
    studio.submit(user, [f"fox {number}" for number in range(17)], model="gated")  # one owner's running jobs are 16
    visitor = visit(user)
    expect(tile(visitor, "fox 16")).to_contain_text("Waiting, 16 before it")


def test_a_job_that_is_tried_again_later_says_when(visit):
    visitor = visit().ask("a busy fox", model="choosy")
    expect(tile(visitor, "a busy fox")).to_contain_text(re.compile(r"Waiting until \d+:\d\d:\d\d"))
    expect(visitor.pictures).to_have_count(1)


def test_a_running_job_is_cancelled_in_place_and_tried_again(visit, studio):
    studio.gate_shut()
    visitor = visit().ask("a slow fox", model="gated")
    visitor.page.get_by_role("button", name="Cancel: a slow fox").click()
    expect(visitor.page.get_by_role("group", name="Cancelled: a slow fox")).to_be_visible()
    studio.gate_open()
    visitor.page.get_by_role("button", name="Try again").click()
    expect(visitor.pictures).to_have_count(1)
    expect(visitor.page.get_by_role("group", name="Cancelled: a slow fox")).to_have_count(0)


def test_the_focus_stays_in_the_place_of_what_was_cancelled(visit, studio):
    studio.gate_shut()
    visitor = visit().ask("a slow fox", model="gated")
    visitor.page.get_by_role("button", name="Cancel: a slow fox").press("Enter")
    expect(visitor.page.get_by_role("button", name="Try again")).to_be_focused()


def test_a_job_that_failed_says_why_and_can_be_removed(visit):
    visitor = visit().ask("refuse this", model="gated")
    expect(tile(visitor, "refuse this")).to_contain_text("We do not paint that.")
    visitor.page.get_by_role("button", name="Remove").click()
    expect(tile(visitor, "refuse this")).to_have_count(0)
    assert visitor.jobs() == []


def test_one_stream_tells_of_all_jobs(visit):
    visitor = visit().ready()
    streams = []
    visitor.page.on("request", lambda request: streams.append(request.url) if "/events" in request.url else None)
    visitor.page.reload()
    visitor.paint("one").paint("two").paint("three")
    assert streams == [f"{visitor.url}/events"]


def test_a_reload_shows_what_was_going_on(visit, studio):
    studio.gate_shut()
    visitor = visit().paint("a quick hen").ask("a slow fox", model="gated")
    expect(tile(visitor, "a slow fox")).to_be_visible()
    visitor.page.reload()
    expect(tile(visitor, "a slow fox")).to_contain_text("Painting")
    expect(visitor.pictures).to_have_count(1)


def test_two_tabs_agree(visit):
    visitor = visit().ready()
    other = visitor.window()
    other.goto("/")
    expect(other.locator("#health")).to_have_text("Ready to paint")
    visitor.paint("a fox")
    expect(other.get_by_role("link", name="a fox")).to_be_visible()
    visitor.call("DELETE", f"/images/{visitor.jobs()[0]['images'][0]['id']}")
    expect(other.get_by_role("link", name="a fox")).to_have_count(0)


def test_what_is_removed_in_one_tab_leaves_the_other(visit):
    visitor = visit().ask("refuse this", model="gated")
    other = visitor.window()
    other.goto("/")
    expect(other.get_by_role("group", name="refuse this")).to_be_visible()
    visitor.page.get_by_role("button", name="Remove").click()
    expect(other.get_by_role("group", name="refuse this")).to_have_count(0)


def test_a_lost_network_is_said_and_heals_by_itself(visit, studio):
    studio.gate_shut()
    visitor = visit().ask("a slow fox", model="gated")
    expect(tile(visitor, "a slow fox")).to_contain_text("Painting")
    visitor.context.set_offline(True)
    expect(visitor.connection).to_have_text("No connection to Limner. Trying again; nothing is lost.")
    studio.gate_open()
    visitor.context.set_offline(False)
    expect(visitor.pictures).to_have_count(1)
    expect(visitor.connection).to_be_hidden()


def test_a_tab_that_nobody_sees_holds_no_stream_and_catches_up(visit, studio):
    visitor = visit().ready()
    streams = []
    visitor.page.on("request", lambda request: streams.append(request) if "/events" in request.url else None)
    with visitor.page.expect_event("requestfailed", lambda request: "/events" in request.url):
        see(visitor, seen=False)
    studio.submit(visitor.user, ["a fox meanwhile"])
    assert streams == []
    see(visitor, seen=True)
    expect(visitor.page.get_by_role("link", name="a fox meanwhile")).to_be_visible()


def see(visitor, *, seen):
    visitor.page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        not seen,
    )


def test_a_session_that_ended_leads_to_the_way_in_and_to_no_loop(visit, studio):
    user = studio.new_user()
    visitor = visit(user).ready()
    asked = []
    means = studio.assembly
    for record in studio.do(means.repository.list_keys()):
        if record.user_id == user:
            studio.do(revoke_key(record.id, repository=means.repository, forget=means.authenticator.forget))
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.wait_for_timeout(1500)
    assert asked == []


def test_ends_are_said_aloud_and_progress_is_not(visit, studio):
    studio.gate_shut()
    visitor = visit().ready()
    visitor.page.evaluate(
        """() => {
          window.said = [];
          const log = document.getElementById("announcer");
          new MutationObserver(() => window.said.push(log.textContent)).observe(log, { childList: true });
        }"""
    )
    visitor.ask("a slow fox", model="gated")
    expect(visitor.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    studio.gate_open()
    expect(visitor.pictures).to_have_count(1)
    assert visitor.page.evaluate("window.said") == ["Waiting: a slow fox", "Painted: a slow fox"]


def test_an_event_that_overtakes_the_answer_is_not_undone_by_it(visit, studio):
    studio.gate_shut()
    visitor = visit().ready()
    held = []
    visitor.page.route("**/images", lambda route: held.append((route, route.fetch())))
    visitor.ask("a slow fox", model="gated")
    expect(tile(visitor, "a slow fox")).to_contain_text("Painting")
    route, answer = held.pop()
    route.fulfill(response=answer)
    expect(visitor.page.locator("#announcer")).to_have_text("Waiting: a slow fox")
    expect(tile(visitor, "a slow fox")).to_contain_text("Painting")
