"""What somebody does while an answer is on its way: nothing of it is lost, and no answer undoes it."""

from __future__ import annotations

import contextlib
import json
import re

import pytest

from tests.server.page.visiting import address_of, serving, until, wait_for

pytestmark = pytest.mark.slow

ROW = ".list .row"
SELECTED = '.row[aria-selected="true"]'
# Within one task of the browser, as somebody types who does not wait for anything to be drawn.
AT_ONCE = """async ([first, second]) => {
  const field = document.querySelector("#filter");
  const press = (key) => field.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  const write = (text) => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, text);
    field.dispatchEvent(new Event("input", {bubbles: true}));
  };
  const drawn = async () => { for (let turn = 0; turn < 20; turn += 1) await null; };
  write(first); await drawn(); press("Enter"); await drawn(); write(second); await drawn();
}"""


@pytest.fixture(scope="module")
def long_site(tmp_path_factory):
    """A server with so many events that a page does not have all of them: those of the story lie far back."""
    with serving(tmp_path_factory.mktemp("long")) as running:
        running.tell()
        wait_for(lambda: running.events(filter="wibble.happened"))
        running.post("filler.event", range(8000))
        running.post("small.event", range(25))
        wait_for(
            lambda: len(running.events(filter="small.event")) == 25
        )  # what was taken in may be stored a moment later
        yield running


@contextlib.contextmanager
def held_back(page, pattern):
    """Hold the first answer to what is asked like *pattern* back until the end of the block; give what waits for the question."""
    asked = []
    page.route(pattern, lambda route: asked.append(route), times=1)  # it wants a function of its own

    def wait_until_asked():
        wait_for(lambda: page.evaluate("1") and asked)

    yield wait_until_asked
    wait_until_asked()
    with contextlib.suppress(Exception):  # nobody wants it any more
        asked[0].continue_()
    page.evaluate("fetch('/api/health').then((answer) => answer.text())")  # by then the page has heard of it


def selected_row(page):
    return page.locator(SELECTED).get_attribute("id")


def names_in_list(page):
    return set(page.locator(f"{ROW} .row-name").all_inner_texts())


def follow(page):
    page.get_by_text("Following", exact=True).wait_for()


def write_filter(page, text):
    page.keyboard.press("/")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_each_key_that_looks_for_an_error_goes_one_further(visitor, long_site):
    """`E` twice, pressed before the first error was found, leads to the second."""
    page = visitor.visit(long_site, "#/live?rollup=off")
    follow(page)
    second = long_site.events(filter="severity>=error")[1]["seq"]

    with held_back(page, re.compile("/api/events.*severity")):
        page.keyboard.press("E")
        page.keyboard.press("E")

    page.locator(f"#row-{second}{SELECTED}").wait_for()


@pytest.mark.parametrize("key", ["G", "Escape"])
def test_who_does_not_want_to_wait_for_an_error_goes_on(visitor, long_site, key):
    """Nothing is selected by an answer that comes after `G` or Esc."""
    page = visitor.visit(long_site, "#/live?rollup=off")
    follow(page)

    with held_back(page, re.compile("/api/events.*severity")) as wait_until_asked:
        page.keyboard.press("E")
        wait_until_asked()
        page.keyboard.press(key)

    follow(page)
    assert "event=" not in address_of(page)


def test_rows_around_an_event_come_too_late_for_who_follows_again(visitor, long_site):
    """`G` holds, though the rows around the event of a link come after it."""
    event = long_site.events(filter="task.failed")[0]["seq"]
    page = visitor.visit(long_site)
    follow(page)

    with held_back(page, re.compile("/api/events.*after=")) as wait_until_asked:
        page.evaluate(f"location.hash = '#/live?event={event}'")
        wait_until_asked()
        page.keyboard.press("G")

    follow(page)
    assert "filler.event" in names_in_list(page)


def test_rows_around_an_event_come_too_late_for_another_filter(visitor, long_site):
    """The rows are those of the filter in force, whatever was asked for before it."""
    event = long_site.events(filter="task.failed")[0]["seq"]
    page = visitor.visit(long_site)
    follow(page)

    with held_back(page, re.compile("/api/events.*after=")) as wait_until_asked:
        page.evaluate(f"location.hash = '#/live?event={event}'")
        wait_until_asked()
        write_filter(page, "alert.*")
        until(
            page, "[...document.querySelectorAll('.row-name')].every((name) => name.textContent.startsWith('alert.'))"
        )

    assert all(name.startswith("alert.") for name in names_in_list(page))


def test_the_event_that_was_chosen_last_is_shown(visitor, long_site):
    """Of two events far apart, the rows around the first do not take the place of those around the second."""
    first = long_site.events(filter="task.failed")[0]["seq"]
    second = long_site.events(filter="filler.event", limit=1, before=first + 5000)[0]["seq"]
    page = visitor.visit(long_site)
    follow(page)

    with held_back(page, re.compile("/api/events.*after=")):
        page.evaluate(f"location.hash = '#/live?event={first}'")
        page.locator(".details h2", has_text="task.failed").wait_for()
        page.evaluate(f"location.hash = '#/live?event={second}'")
        page.locator(f"#row-{second}{SELECTED}").wait_for()

    assert selected_row(page) == f"row-{second}"


def test_older_rows_come_whatever_is_opened_meanwhile(visitor, long_site):
    """A counted row that is opened while older events are asked for keeps none of them away, and all stand still then."""
    page = visitor.visit(long_site)
    follow(page)
    small = page.locator(ROW, has=page.locator(".row-name", has_text="small.event"))

    with held_back(page, re.compile("/api/events.*before=")):
        page.get_by_role("button", name="Load older events").click()
        small.get_by_role("button").first.click()
        wait_for(lambda: small.count() >= 20)

    page.get_by_role("button", name="Load older events").wait_for(state="detached")
    page.locator(".offer").get_by_text("Standing still").wait_for()
    page.keyboard.press("k")
    until(page, "/event=\\d+/.test(location.hash)")
    assert small.count() >= 20


def test_rows_of_before_are_not_meant(live):
    """While the rows of a new filter are asked for, a click on the ones of before does nothing."""
    row = live.locator(f"{ROW}:not(.row-rollup)").last.bounding_box()

    with held_back(live, re.compile("/api/events.*task.failed")):
        write_filter(live, "task.failed")
        live.locator(".list-frame.is-loading").wait_for()
        live.mouse.click(row["x"] + 500, row["y"] + 5)
        assert "event=" not in address_of(live)

    live.get_by_text("1 row ·").wait_for()
    assert "event=" not in address_of(live)


def test_the_stream_shows_nothing_of_a_filter_before_the_last(visitor, site):
    """Of two filters, one soon after the other, the events of the first are passed over, and cost none of the second."""
    event = {"time": "2026-01-01T00:00:00Z", "severity": "INFO", "message": "", "attributes": {}}
    sockets, asked = [], []

    def answer(route):
        sockets.append(route)  # the page that logged in may have had one before
        route.on_message(lambda message: asked.append(json.loads(message)["filter"]))
        route.send(json.dumps({"type": "hello", "cursor": 0, "first": 1, "server": "", "heartbeat": 60}))

    visitor.page.route_web_socket(re.compile("/stream"), answer)
    page = visitor.visit(site)
    follow(page)
    for text in ("alert.*", "task.*"):
        page.evaluate(f"location.hash = '#/live?filter={text}'")
        wait_for(lambda text=text: page.evaluate("1") and asked[-1:] == [text])
    end = site.events(limit=1)[0]["seq"] + 1000

    def say(name, seq, given):
        sockets[-1].send(json.dumps({"type": "filter", "filter": given, "cursor": 0}))
        events = [{**event, "seq": seq, "event": name}]
        sockets[-1].send(json.dumps({"type": "events", "cursor": seq, "events": events}))

    say("alert.stale", end + 9, "alert.*")
    say("task.fresh", end, "task.*")

    page.locator(f"{ROW} .row-name", has_text="task.fresh").wait_for()
    assert "alert.stale" not in names_in_list(page)


def test_a_key_right_after_the_back_button_meets_what_it_led_to(live):
    """The address and the view change together: no key comes between them."""
    write_filter(live, "task.failed")
    live.get_by_text("1 row ·").wait_for()

    live.evaluate(
        """() => {
        addEventListener("popstate", () => document.dispatchEvent(new KeyboardEvent("keydown", {key: "j"})), {once: true});
        history.back(); }"""
    )

    live.locator(SELECTED).wait_for()
    assert "filter" not in address_of(live)


def test_what_is_typed_right_after_a_filter_was_applied_stays(live):
    """The filter in force is put into the field before the next letter, not over it."""
    live.evaluate(AT_ONCE, ["task.failed", "task.failed persona=thesis"])

    live.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
    assert live.get_by_label("Filter events").input_value() == "task.failed persona=thesis"


def test_tab_waits_for_what_can_be_completed(live):
    """Pressed before the suggestions are there, it takes the best of them, not one of those for fewer letters."""
    live.keyboard.press("/")
    with held_back(live, re.compile("/api/values.*persona")):
        live.keyboard.type("persona=the")
        live.keyboard.press("Tab")
        assert live.get_by_label("Filter events").input_value() == "persona=the"

    wait_for(lambda: live.get_by_label("Filter events").input_value() == "persona=thesis ")
    live.keyboard.type("x")
    assert live.get_by_label("Filter events").input_value() == "persona=thesis x"


def test_what_is_typed_right_after_the_key_for_the_filter_goes_there(visitor, site):
    """From a view that has no filter, `/` leads to one in which the next letter stands."""
    page = visitor.visit(site, "#/health")
    page.get_by_role("heading", name="Health").wait_for()

    focused = page.evaluate(
        """async () => {
        document.dispatchEvent(new KeyboardEvent("keydown", {key: "/"}));
        for (let turn = 0; turn < 20; turn += 1) await null;
        return document.activeElement.id; }"""
    )

    assert focused == "filter"


def test_a_test_event_that_is_sent_late_opens_no_help_again(visitor, site):
    """Who has closed it before the answer came has closed it."""
    page = visitor.visit(site, "#/health")
    page.get_by_role("heading", name="Health").wait_for()
    page.keyboard.press("?")

    with held_back(page, re.compile("/api/test-event")) as wait_until_asked:
        page.get_by_role("button", name="Send a test event").click()
        wait_until_asked()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")

    page.locator(".notice", has_text="Test event sent").wait_for()
    assert page.locator("dialog").count() == 0


def test_what_is_opened_in_a_tab_of_the_background_is_there(visitor, site):
    """A page that nobody sees yet asks for what it shows, once."""
    event = site.events(filter="task.failed")[0]["seq"]
    visitor.context.add_init_script("Object.defineProperty(document, 'hidden', {get: () => true})")

    page = visitor.visit(site, f"#/live?event={event}")

    page.locator(".details h2", has_text="task.failed").wait_for()
