"""The live view, as somebody uses it."""

from __future__ import annotations

import json
import re

import pytest

from tests.server.page.visiting import address_of, serving, until, wait_for

pytestmark = pytest.mark.slow

ROW = ".list .row"


def named(page, name):
    return page.locator(ROW).filter(has=page.locator(".row-name", has_text=re.compile(f"^{re.escape(name)}$")))


@pytest.fixture(scope="module")
def many_rows(site):
    """More rows than two screens have: the story's own are hardly more than one and a half."""
    site.tell("wibble.often", "100")
    wait_for(lambda: len(site.events(filter="wibble.often", limit=100)) == 100)


def rows_in_sight(page):
    """The rows in sight, each with its place: what must not change while somebody reads."""
    return page.evaluate(
        """() => { const box = document.querySelector('.list').getBoundingClientRect();
        return [...document.querySelectorAll('.list .row')].map((row) => [row.id, row.getBoundingClientRect().top])
          .filter(([, top]) => top >= box.top && top < box.bottom - 24); }"""
    )


def shown_filter(page):
    return page.evaluate("new URLSearchParams(location.hash.split('?')[1]).get('filter')")


def write_filter(page, text):
    page.keyboard.press("/")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def rows_are_there(page):
    """Wait for the rows that were asked for last: until then those of before are shown, and followed."""
    page.locator(".list-frame:not(.is-loading)").wait_for()
    page.get_by_text("Following", exact=True).wait_for()


FROM_THE_END = "(box => box.scrollHeight - box.clientHeight - box.scrollTop)(document.querySelector('.list'))"


def scroll_back(page, pixels=600):
    """Turn the wheel, and wait until the list has come to where that leads."""
    way = min(pixels, page.evaluate("document.querySelector('.list').scrollTop"))
    assert way > 0
    page.mouse.move(600, 500)
    page.mouse.wheel(0, -pixels)
    page.locator(".offer").wait_for()
    until(page, f"{FROM_THE_END} >= {way}")
    height = page.evaluate("document.querySelector('.list').clientHeight")
    wait_for(lambda: len(rows_in_sight(page)) >= height // 24 - 1)  # drawn, a moment later


def test_what_was_stored_is_there_and_what_happens_is_added(live, site):
    """The newest stored events are shown, and a new one appears by itself."""
    named(live, "wibble.happened").wait_for()

    site.tell("order.placed", "1")

    named(live, "order.placed").wait_for()


def test_names_have_the_colour_of_their_category(live, site):
    """The catalogue says which category a name is of; an unknown name has the same colour in rows and in the strip."""
    assert "hue-orange" in named(live, "alert.resolved").last.locator(".row-name").get_attribute("class")
    hue = re.search(r"hue-\w+", named(live, "wibble.happened").last.locator(".row-name").get_attribute("class"))[0]
    live.keyboard.press("7")
    live.get_by_role("button", name="Unknown").click()
    assert hue in live.get_by_role("link", name="wibble.happened").get_attribute("class")
    live.keyboard.press("1")
    site.tell("wibble.often", "100")  # the strip names the most frequent
    until(live, "document.querySelector('.strip-legend').textContent.includes('wibble')")
    assert hue in live.locator(".strip-key", has_text="wibble").locator(".swatch").get_attribute("class")


def test_kin_can_be_told_apart_in_the_strip(live):
    """Categories of one colour differ in its strength."""
    live.locator(".strip-key").nth(3).wait_for()
    looks = live.locator(".strip-key .swatch").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).color + getComputedStyle(one).opacity)"
    )

    assert len(set(looks)) == len(looks)


def test_rows_say_their_service_where_there_are_several(visitor, tmp_path):
    """One service is no news; of two, each row says which."""
    with serving(tmp_path) as site:
        site.tell("order.placed", "1")
        page = visitor.visit(site)
        named(page, "order.placed").wait_for()
        assert page.locator(f"{ROW} .chip-service").count() == 0

        site.send("order.paid", "1", service="till")

        named(page, "order.paid").locator(".chip-service", has_text="till").wait_for()
        named(page, "order.placed").locator(".chip-service", has_text="storyteller").wait_for()
        page.goto("about:blank")  # before its server goes


def test_frequent_types_are_counted(live):
    """Many events of a type that displays roll up are few rows, and their counts are the number of events."""
    write_filter(live, "reward.computed")
    until(live, "document.querySelectorAll('.list .row-count').length > 0")
    until(live, "[...document.querySelectorAll('.row-name')].every((name) => name.textContent === 'reward.computed')")
    counts = [int(text.strip("×")) for text in live.locator(".row-count").all_inner_texts()]

    assert sum(counts) == 72

    live.get_by_text("Count frequent").click()

    live.get_by_text("72 rows").wait_for()


def test_a_filter_holds_for_rows_that_stand_still_too(live):
    """Paused or beside an open event, the list shows what the filter lets through, and goes on standing still."""
    live.keyboard.press(" ")
    live.locator(".offer").get_by_text("Paused").wait_for()

    write_filter(live, "alert.*")

    until(live, "[...document.querySelectorAll('.row-name')].every((name) => name.textContent.startsWith('alert.'))")
    live.locator(".offer").get_by_text("Paused").wait_for()


@pytest.mark.usefixtures("many_rows")
def test_a_window_made_smaller_ends_no_following(live):
    """Where rows come all the time the list hears of a scroll before it hears of its new size: nobody has scrolled back."""
    until(live, "(box => box.scrollHeight > box.clientHeight * 1.5)(document.querySelector('.list'))")

    live.evaluate(
        """() => {
        const box = document.querySelector(".list");
        box.style.height = `${box.clientHeight / 2}px`;
        box.dispatchEvent(new Event("scroll")); }"""
    )

    until(live, f"{FROM_THE_END} < 2")
    assert live.get_by_text("Following", exact=True).is_visible()


@pytest.mark.usefixtures("many_rows")
@pytest.mark.parametrize("view", ["Types", "Health"])
def test_who_comes_back_still_follows(live, view):
    """To look at another view is no wish to stand still: with more rows than fit, the list is at its end again."""
    until(live, "(box => box.scrollHeight > box.clientHeight * 1.5)(document.querySelector('.list'))")
    navigation = live.get_by_role("navigation")
    navigation.get_by_role("link", name=view).click()
    navigation.get_by_role("link", name="Live").click()
    live.wait_for_selector(ROW)
    live.wait_for_timeout(300)  # for what might end it

    until(live, f"{FROM_THE_END} < 2")
    assert live.get_by_text("Following", exact=True).is_visible()


@pytest.mark.parametrize("begins", ["scrolled", "paused", "filtered"])
def test_who_comes_back_finds_the_same_rows(live, begins):
    """Rows that stand still are the same ones, at the same place, after another view was looked at."""
    if begins == "filtered":
        write_filter(live, "severity>=info")
        rows_are_there(live)
    if begins == "paused":
        live.keyboard.press(" ")
        live.locator(".offer").wait_for()
    else:
        scroll_back(live)
    before = rows_in_sight(live)

    live.get_by_role("navigation").get_by_role("link", name="Types").click()
    live.get_by_role("heading", name="Types").wait_for()
    live.keyboard.press("1")

    live.wait_for_selector(ROW)
    live.wait_for_timeout(300)  # for what might move them
    wait_for(lambda: rows_in_sight(live) == before)
    assert live.locator(".offer").is_visible()


def test_pause_is_seen_and_counts(live, site):
    """Space pauses; what comes meanwhile is counted and not shown; Space goes on."""
    live.keyboard.press(" ")
    live.locator(".offer").get_by_text("Paused").wait_for()
    before = rows_in_sight(live)

    site.tell("paused.event", "3")

    live.locator(".offer").get_by_text("3 new events").wait_for()
    assert rows_in_sight(live) == before
    live.keyboard.press(" ")
    named(live, "paused.event").last.wait_for()


def test_scrolling_back_never_moves_what_is_read(live, site):
    """Whoever scrolls back reads on in peace: new events are offered, and taken with a click."""
    scroll_back(live)
    before = rows_in_sight(live)

    site.tell("distant.event", "40")

    live.locator(".offer").get_by_text("40 new events").wait_for()
    assert rows_in_sight(live) == before
    live.locator(".offer").click()
    named(live, "distant.event").last.wait_for()


def test_a_filter_is_written_with_one_key_and_kept_in_the_url(live):
    """`/` goes to the filter, Enter applies it, and the address holds it."""
    write_filter(live, "task.failed")

    live.get_by_text("1 row ·").wait_for()
    assert shown_filter(live) == "task.failed"
    live.reload()
    live.get_by_text("1 row ·").wait_for()


@pytest.mark.parametrize(
    ("begun", "completed"),
    [("task.st", "task.started "), ("sever", "severity>="), ("persona=the", "persona=thesis ")],
)
def test_the_filter_completes_names_keys_and_values(live, begun, completed):
    """Tab takes the best suggestion."""
    live.keyboard.press("/")
    live.keyboard.type(begun)
    live.locator(".suggestions li").first.wait_for()
    wait_for(lambda: live.locator(".suggestion-text").first.inner_text().startswith(begun))

    live.keyboard.press("Tab")

    wait_for(lambda: live.locator("#filter").input_value() == completed)


def test_a_mistake_in_the_filter_is_shown_where_it_is(live):
    """The problem is said with its column, once, the word is marked, and it is read out."""
    write_filter(live, "severity>=loud task.*")

    problem = live.get_by_role("alert")
    problem.get_by_text("column 11: 'loud' is no severity").wait_for()
    assert problem.locator("mark").inner_text() == "loud"
    assert problem.inner_text().count("column") == 1


def test_a_mistake_in_the_filter_is_one_state(live):
    """Nothing claims to follow: the rows of the filter before stand back, and nothing can be exported."""
    write_filter(live, "persona = thesis")

    live.get_by_role("alert").get_by_text("write it without spaces: persona=thesis").wait_for()
    live.locator(".toolbar").get_by_text("This filter cannot be read").wait_for()
    assert live.get_by_text("Following", exact=True).count() == 0
    assert live.locator(".list-frame.is-outdated").count() == 1
    assert live.locator(".toolbar-export a[href]").count() == 0
    live.keyboard.press("/")
    live.keyboard.press("Enter")
    assert live.get_by_text("Following", exact=True).count() == 0
    assert live.get_by_role("alert").count() == 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("persona=thesis or persona=antithesis", "A comma means or, a space means and"),
        ("severty=warn", "did you mean 'severity'"),
        ("colour=green", "No event has an attribute 'colour'."),
    ],
)
def test_a_filter_that_finds_nothing_is_explained(live, text, hint):
    """What is likely to be wrong with it is said where the rows would be."""
    write_filter(live, text)

    live.locator(".empty .hint").get_by_text(hint).wait_for()


def test_a_filter_that_hides_everything_says_so(live):
    """Nothing to see has a reason and a way out."""
    write_filter(live, "no.such.event")
    live.get_by_text("No event fits this filter").wait_for()

    live.get_by_role("button", name="Show all events").click()

    live.wait_for_selector(ROW)


def test_a_value_becomes_a_filter(visitor, site):
    """`+` beside a value narrows the view to what has it."""
    event = site.events(filter="task.failed")[0]
    page = visitor.visit(site, f"#/live?event={event['seq']}")

    page.locator(".pair", has_text="task_id").hover()
    page.get_by_role("button", name="Only task_id=draft-2").click()

    wait_for(lambda: shown_filter(page) == "task_id=draft-2")


def test_a_selection_is_exported(live, site):
    """The links in the toolbar give what the filter lets through, as lines of JSON."""
    write_filter(live, "task.failed")
    live.get_by_text("1 row ·").wait_for()

    with live.expect_download() as download:
        live.get_by_role("link", name="JSONL").click()

    lines = download.value.path().read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines if "task.failed" in line] == ["task.failed"]


def test_a_task_is_called_by_its_name(live):
    """Its chip has the name, also on events that carry its id alone; the id is what the pointer shows."""
    write_filter(live, "evidence.added")

    chip = live.locator(f"{ROW} .chip-task").first
    wait_for(lambda: re.fullmatch(r"task_id: search-\d \(search\)", chip.get_attribute("title")))
    assert chip.inner_text().endswith("search")


def test_the_strip_says_when(live):
    """Beneath it stands the time."""
    live.locator(".strip .axis").get_by_text(re.compile(r"^\d\d:\d\d:\d\d$")).first.wait_for()


def test_an_empty_page_says_how_to_fill_it(visitor, empty_site):
    """Lines to copy for our own senders and for any other, and a test event at a click."""
    page = visitor.visit(empty_site)
    page.get_by_text("No events yet").wait_for()
    for language in ("shell", "powershell", "javascript"):
        page.get_by_role("tab", name=re.compile(f"^{language}$", re.IGNORECASE)).click()
        page.get_by_role("tabpanel").get_by_text(f"otel-events languages {language}").wait_for()
    for language in ("Python", "Shell", "PowerShell", "JavaScript", "Anything else"):
        page.get_by_role("tab", name=language, exact=True).click()
        page.get_by_role("tabpanel").get_by_text(empty_site.otlp).first.wait_for()

    page.get_by_role("button", name="Send a test event").click()

    named(page, "test.event").wait_for()


def test_many_events_stay_few_elements(live, site):
    """However many events come, the page keeps a bounded number of rows, draws those in sight, and has counted all."""
    live.get_by_text("Count frequent").click()
    rows_are_there(live)
    before = int(re.search(r"([\d,]+) events? since", live.locator(".toolbar-state").inner_text())[1].replace(",", ""))

    site.tell("storm.event", "15000")

    live.get_by_text(f"{before + 15_000:,} events since opened").wait_for(timeout=60_000)
    rows = int(re.search(r"([\d,]+) rows", live.locator(".toolbar-state").inner_text())[1].replace(",", ""))
    assert rows <= 11_000
    assert live.locator(ROW).count() < 100


def test_the_strip_leads_to_a_moment(live):
    """A click on the strip shows what happened then, and the address says when."""
    live.locator(".strip-key").first.wait_for()  # before that no place of it is a moment
    live.locator(".strip-canvas").click(position={"x": 5, "y": 20})

    wait_for(lambda: "at=" in address_of(live))
    live.locator(".offer").wait_for()
    live.keyboard.press("G")
    live.get_by_text("Following", exact=True).wait_for()
    assert "at=" not in address_of(live)


def test_what_was_not_sent_is_said_and_can_be_loaded(visitor, site):
    """Counts instead of events, and gaps, are rows of their own; a gap is filled from the store at a click."""
    failed = site.events(filter="task.failed")[0]["seq"]

    def hold_back(route):
        server = route.connect_to_server()
        counts = {"reward.computed": 1200}
        route.send(json.dumps({"type": "counts", "cursor": 0, "from": 1, "to": 2, "counts": counts}))
        route.send(json.dumps({"type": "gap", "from": failed, "to": failed, "dropped": 1}))
        server.on_message(route.send)

    visitor.page.route_web_socket(re.compile("/stream"), hold_back)
    page = visitor.visit(site, "#/live?filter=alert.*")
    named(page, "reward.computed").get_by_text("×1,200").wait_for()
    page.get_by_text("1 event not sent").wait_for()

    page.get_by_role("button", name="Load them").click()

    page.get_by_text("event not sent").wait_for(state="detached")
