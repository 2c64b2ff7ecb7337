"""The views beside the live one, and how all of them look."""

from __future__ import annotations

import json

import pytest

from tests.server.page.visiting import WIDE, Visitor, address_of, serving, until, wait_for

pytestmark = pytest.mark.slow

SIZES = {"wide": WIDE, "middle": {"width": 1024, "height": 768}, "phone": {"width": 360, "height": 740}}
# What is to be seen in each view when the story has been told.
VIEWS = {
    "live": ("#/live", ".list .row"),
    "details": ("#/live?filter=task.failed", ".list .row"),
    "empty": ("#/live?filter=no.such.event", ".empty h2"),
    "types": ("#/types", ".name-tile"),
    "type": ("#/types?name=llm.interaction", "td .value-long"),
    "grid": ("#/types?name=reward.computed&as=grid", "td.shade"),
    "tasks": ("#/tasks", ".lanes .bar"),
    "story": ("#/tasks?task=draft-2", ".waterfall .bar"),
    "cycles": ("#/cycles", ".cycle-stage"),
    "errors": ("#/errors", "td .error-what"),
    "alerts": ("#/alerts", "td .badge"),
    "catalogue": ("#/catalogue", "td a"),
    "health": ("#/health", ".tile-value"),
    "help": ("#/health", ".tile-value"),
}

OPENED_BY_KEY = {"details": [("Enter", ".details h2")], "help": [("?", "dialog")]}

# Every text in sight, with the contrast between it and what is behind it, as WCAG reckons.
FAINT_TEXTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const over = (a, b) => { const s = a[3] / 255; return [0, 1, 2].map((i) => a[i] * s + b[i] * (1 - s)).concat(255); };
  const light = (c) => { const [r, g, b] = c.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (element) => { const layers = []; for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 255]); };
  const faint = [];
  for (const element of document.querySelectorAll('#app *')) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join('');
    if (!text || !element.checkVisibility({ opacityProperty: true })) continue;
    const ground = behind(element);
    const [a, b] = [light(over(rgba(getComputedStyle(element).color), ground)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${element.className} ${text.slice(0, 30)}`);
  }
  return faint; }"""

NAMELESS = """() => [...document.querySelectorAll('button, a[href], input, select, [role=img], [role=listbox], [role=region]')]
  .filter((e) => e.checkVisibility() && !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title))
  .map((e) => e.outerHTML.slice(0, 100))"""


def open_view(visitor, site, name):
    fragment, awaited = VIEWS[name]
    page = visitor.visit(site, fragment)
    page.locator(awaited).first.wait_for()
    for key, opened in OPENED_BY_KEY.get(name, ()):
        page.keyboard.press(key)
        page.locator(opened).wait_for()
    return page


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_every_view_can_be_read(browser, site, tmp_path, size, scheme):
    """At every width, dark and light: contrast AA, a name for whatever can be pressed, and nothing beside the screen."""
    visitor = Visitor(browser, viewport=SIZES[size], color_scheme=scheme)
    wrong = {}
    for name in VIEWS:
        page = open_view(visitor, site, name)
        page.screenshot(path=tmp_path / f"{name}-{size}-{scheme}.png")
        beside = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        found = [*page.evaluate(FAINT_TEXTS), *page.evaluate(NAMELESS), *(["wider than the window"] if beside else [])]
        if found:
            wrong[name] = found
    visitor.context.close()

    assert wrong == {}
    assert visitor.complaints == []


def test_tasks_lead_to_their_stories(visitor, site):
    """Lanes by persona; a bar leads to the waterfall, what came of it, and its errors with their stacks."""
    page = open_view(visitor, site, "tasks")
    assert page.locator(".lane-name", has_text="thesis").count() == 1

    # By a key: in a short story a mark may lie on the middle of the bar. It leads to the same.
    page.get_by_role("button", name="draft, failed").press("Enter")

    page.locator(".fall-name", has_text="search").wait_for()
    page.locator(".stack", has_text="TimeoutError: the model did not answer").wait_for()
    page.locator(".fall-name", has_text="search").click()
    page.locator(".crumbs a", has_text="draft").wait_for()


def test_a_story_shows_what_else_was_traced(visitor, site):
    """Spans of other libraries stand in the waterfall between the tasks to which they belong."""
    site.send("traced")
    page = visitor.visit(site, "#/tasks?task=build-1")
    names = page.locator(".fall-name")

    wait_for(lambda: names.all_inner_texts()[1:] == ["build", "GET /citations ⇢ 1", "check"])


def test_a_span_of_time_is_chosen_by_dragging(visitor, site):
    """Dragging over the lanes shows that time alone, and the address keeps it."""
    page = open_view(visitor, site, "tasks")
    field = page.locator(".lane-field").bounding_box()
    page.mouse.move(field["x"] + field["width"] * 0.3, field["y"] + 8)
    page.mouse.down()
    page.mouse.move(field["x"] + field["width"] * 0.6, field["y"] + 8)
    page.mouse.up()

    page.get_by_role("button", name="Whole time").click()

    page.get_by_role("button", name="Whole time").wait_for(state="detached")


def test_tasks_are_chosen_by_their_state(visitor, site):
    """Failed ones alone, and the address says so."""
    page = open_view(visitor, site, "tasks")

    page.get_by_role("button", name="Failed", exact=True).click()

    until(page, "document.querySelectorAll('tbody tr').length === 1")
    assert "state=failed" in address_of(page)


def test_cycles_are_compared(visitor, site):
    """Stages, durations, one cycle beside the one before, and numbers as lines."""
    page = open_view(visitor, site, "cycles")

    page.get_by_text("Cycle 3 beside 2").wait_for()
    page.locator(".comparison", has_text="antithesis").wait_for()
    page.locator(".curve", has_text="state.drive").locator("canvas").wait_for()


def test_a_cycle_with_an_error_is_marked(visitor, site):
    """On its bar, so that it is found among many."""
    page = open_view(visitor, site, "cycles")

    assert page.get_by_label("Cycles, the newest first").locator("tr", has=page.locator(".cycle-error")).count() == 1


def test_what_nobody_started_is_not_said_to_run(visitor, tmp_path):
    """A session and a cycle that are known by an old event alone say when that was."""
    ledger = tmp_path / "state" / "otel-events" / "events.jsonl"
    ledger.parent.mkdir(parents=True, mode=0o700)
    seen = {"time": "2026-02-14T10:00:00.000000000Z", "event": "tide.seen", "severity": "INFO", "message": "Tide"}
    belongs = {"service": "sailor", "session_id": "lone", "cycle": 9}
    ledger.write_text(json.dumps({**seen, **belongs}) + "\n", encoding="utf-8")
    with serving(tmp_path) as site:
        page = visitor.visit(site, "#/cycles")
        page.get_by_label("Cycles, the newest first").get_by_text("last event").wait_for()
        page.get_by_label("Sessions").get_by_text("last event").wait_for()

        assert page.get_by_text("running", exact=True).count() == 0
        page.goto("about:blank")  # before its server goes


def test_what_its_program_left_open_is_not_said_to_run(visitor, tmp_path):
    """A session that began, and whose program ended without ending it, says so, and when it was last heard of."""
    with serving(tmp_path) as site:
        site.send("left")
        page = visitor.visit(site, "#/cycles")
        for table in ("Sessions", "Cycles, the newest first"):
            page.get_by_label(table).get_by_text("left open", exact=True).wait_for()
            page.get_by_label(table).get_by_text("last event").wait_for()

        assert page.get_by_text("running", exact=True).count() == 0
        page.goto("about:blank")  # before its server goes


def test_an_address_without_a_view_says_so(visitor, site):
    """A view that there is not is no other one; a way back is there."""
    page = visitor.visit(site, "#/nope")
    page.get_by_role("heading", name="There is no such view").wait_for()
    until(page, "document.title === 'No such view - otel-events'")

    page.get_by_role("link", name="Back to Live").click()

    page.wait_for_selector(".list .row")


def test_sessions_are_in_the_menu(visitor, site):
    """Beside cycles, and under their own name in an address."""
    page = visitor.visit(site, "#/sessions")
    page.get_by_label("Sessions").get_by_text("night-7").wait_for()

    page.get_by_role("navigation").get_by_role("link", name="Cycles and sessions").click()

    page.get_by_role("heading", name="Cycles and sessions").wait_for()


def test_errors_are_groups_with_stacks(visitor, site):
    """A group opens to its occurrences, each with its stack."""
    page = open_view(visitor, site, "errors")

    page.locator("tr", has_text="TimeoutError").first.click()

    page.locator(".occurrence .stack", has_text="the model did not answer").wait_for()


def test_alerts_are_open_or_resolved(visitor, site):
    """What was not resolved is open."""
    page = open_view(visitor, site, "alerts")

    page.get_by_label("Open alerts").get_by_text("Model away").wait_for()
    page.get_by_label("Resolved alerts").get_by_text("Disk nearly full").wait_for()
    page.get_by_text("resolved by the event alert.resolved with the same component").wait_for()


def test_what_was_missed_or_stalled_is_an_alert(visitor, site):
    """Heartbeats, tasks and cycles: open until the event that resolves them."""
    site.send("absences")
    page = open_view(visitor, site, "alerts")

    for subject in ("tide-gauge", "mend-nets", "long-night"):
        page.get_by_label("Open alerts").get_by_text(subject).wait_for()
    for subject in ("lamp", "trim-wick", "short-night"):
        page.get_by_label("Resolved alerts").get_by_text(subject).wait_for()
        assert page.get_by_label("Open alerts").get_by_text(subject).count() == 0


def test_errors_of_the_last_hour_are_counted_in_every_view(visitor, site):
    """Beside the link to them."""
    page = open_view(visitor, site, "health")

    page.get_by_role("navigation").get_by_label("in the last hour").wait_for()


def test_a_phone_counts_errors_and_alerts_in_sight(browser, site):
    """Beside the links, of which not all have room there."""
    visitor = Visitor(browser, viewport=SIZES["phone"])
    page = open_view(visitor, site, "health")

    for name in ("Errors: ", "Alerts: "):
        link = page.get_by_role("link", name=name)
        link.wait_for()
        box = link.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= SIZES["phone"]["width"]
    visitor.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_said_covers_no_button(browser, site, size):
    """A notice is beside the head's buttons, or at the foot of a small screen."""
    visitor = Visitor(browser, viewport=SIZES[size])
    page = open_view(visitor, site, "health")
    page.keyboard.press("?")
    page.get_by_role("button", name="Send a test event").click()
    # All in one look: it is said for a moment, and counts may come into the head meanwhile.
    said, *buttons = page.locator(".notice span").evaluate(
        """said => [said, ...document.querySelectorAll(".top > :is(a, button, .connection)")]
        .map((each) => each.getBoundingClientRect().toJSON())"""
    )

    assert len(buttons) > 3
    for box in buttons:
        assert said["right"] <= box["left"] or box["right"] <= said["left"] or said["top"] >= box["bottom"]
    visitor.context.close()


def test_the_catalogue_knows_what_was_seen(visitor, site):
    """Seen, never seen, and names that nobody defined."""
    page = open_view(visitor, site, "catalogue")
    page.get_by_role("link", name="llm.interaction").wait_for()
    page.get_by_role("button", name="Unknown").click()
    page.get_by_role("link", name="wibble.happened").wait_for()
    page.get_by_role("button", name="Never seen").click()

    page.get_by_role("link", name="rag.retrieval", exact=True).wait_for()


def test_health_tells_what_is_missing(visitor, site):
    """Each writer with what it emitted and what of that came."""
    page = open_view(visitor, site, "health")

    page.get_by_label("Writers").get_by_text("storyteller").first.wait_for()
    page.locator(".tile", has_text="Stored").wait_for()


def test_an_index_that_is_made_anew_shows_how_far_it_is(visitor, site):
    """Health says that answers are not whole yet, and how much is done."""

    def rebuild(route):
        health = {
            **json.loads(site.text("/api/health")),
            "index": {"state": "building", "done": 250_000, "total": 1_000_000},
        }
        route.fulfill(json=health)

    visitor.page.route("**/api/health", rebuild)
    page = visitor.visit(site, "#/health")

    page.get_by_role("status").get_by_text("25 %, 250 kB of 1 MB").wait_for()
    assert page.get_by_role("progressbar").get_attribute("value") == "0.25"


def test_a_ledger_that_is_not_shown_is_told(visitor, tmp_path):
    """Programs without an endpoint write to the user's ledger: where the server keeps another one, both views say so."""
    with serving(tmp_path, "--ledger", str(tmp_path / "other.jsonl")) as site:
        page = visitor.visit(site)
        for view in ("live", "health"):
            page.goto(f"{site.url}/#/{view}")
            notice = page.get_by_role("note")
            notice.get_by_text(str(tmp_path / "state" / "otel-events" / "events.jsonl")).wait_for()
            notice.get_by_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={site.otlp}").wait_for()
            page.get_by_text(f"keeps its events in {tmp_path / 'other.jsonl'}").wait_for()
        page.goto("about:blank")  # before its server goes


def test_the_title_names_the_view(visitor, site):
    """Of several tabs, each says first what it shows."""
    page = open_view(visitor, site, "tasks")

    until(page, "document.title === 'Tasks - otel-events'")


def test_the_theme_is_the_readers_choice(visitor, site):
    """The system's, until the reader says otherwise; the browser remembers."""
    page = open_view(visitor, site, "health")
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: dark").click()
    page.reload()

    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_digits_lead_to_the_views(visitor, site):
    """1 to 8 are the views, in their order."""
    page = open_view(visitor, site, "live")
    page.keyboard.press("5")

    page.get_by_role("heading", name="Errors").wait_for()


def test_without_a_login_the_page_says_how_to_get_one(browser, site):
    """Who is not known sees no event, but the way in."""
    page = browser.new_context().new_page()
    page.goto(f"{site.url}/")

    page.get_by_text("--print-login").wait_for()
    page.context.close()


def test_the_filter_is_one_key_away_from_everywhere(visitor, site):
    """`/` leads to the live view's filter from a view that has no search of its own."""
    page = open_view(visitor, site, "health")
    page.keyboard.press("/")
    page.locator("#filter:focus").wait_for()


@pytest.mark.parametrize(
    ("name", "written", "left"),
    [
        ("tasks", "draft-2", 1),
        ("errors", "timeouterror", None),
        ("alerts", "disk", 1),
        ("catalogue", "llm.inter", 1),
    ],
)
def test_the_search_of_a_view_is_one_key_away(visitor, site, name, written, left):
    """`/` goes to the search of the view in which one is; Enter gives the keys back to the view."""
    page = open_view(visitor, site, name)
    page.keyboard.press("/")
    page.locator(".search:focus").wait_for()
    page.keyboard.type(written)
    if left:
        until(page, f"document.querySelectorAll('tbody tr').length === {left}")
    page.keyboard.press("Enter")
    page.keyboard.press("8")

    page.get_by_role("heading", name="Health").wait_for()


def test_a_test_event_can_be_sent_from_everywhere(visitor, site):
    """The help has the button and the lines to copy; what was done is said where it hides nothing."""
    page = open_view(visitor, site, "tasks")
    page.keyboard.press("?")
    page.get_by_role("tab", name="PowerShell").click()
    page.get_by_role("tabpanel").get_by_text("Send-OtelEvent").wait_for()

    page.get_by_role("button", name="Send a test event").click()

    page.locator(".top .notice", has_text="Test event sent").wait_for()
    assert page.locator("dialog").count() == 0
    assert site.events(filter="test.event", limit=1)
