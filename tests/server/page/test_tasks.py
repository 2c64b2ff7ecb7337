"""Tasks with very many events, and what is traced inside them."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from tests.server.page.visiting import address_of, serving, until, wait_for

pytestmark = pytest.mark.slow


def climbed(site, steps):
    """Let the task of very many steps run once more."""
    site.send("climb", str(steps))
    wait_for(lambda: site.events(filter=f"task.completed task_id=climb-1 height={steps}"))


def test_many_events_on_a_bar_are_few_marks_with_counts(visitor, site):
    """A mark stands for all that would be on its place, and says how many of which type; the whole list is behind it."""
    climbed(site, 600)
    page = visitor.visit(site, "#/tasks?search=climb")
    page.locator(".lane-bars .mark").first.wait_for()
    width = page.locator(".lane-field").bounding_box()["width"]

    titles = page.locator(".lane-bars .mark").evaluate_all("marks => marks.map((mark) => mark.title)")

    assert 0 < len(titles) <= width / 9 + 1
    counted = [int(match[1]) for title in titles if (match := re.search(r"([\d]+) step.taken", title.replace(",", "")))]
    assert sum(counted) + sum(title.startswith("step.taken at") for title in titles) == 600


def test_the_list_and_the_story_count_alike(visitor, site):
    """A task's own events are counted as such in both, those of the tasks beneath it beside them."""
    climbed(site, 40)
    page = visitor.visit(site, "#/tasks?search=climb-1")
    row = page.locator("tbody tr").first
    row.wait_for()
    own = row.locator("td").nth(5).inner_text()
    row.click()

    page.get_by_role("heading", name=re.compile(f"^{own} events, and 3 of 1 task beneath")).wait_for()


def test_a_task_that_its_program_left_behind_is_orphaned(visitor, tmp_path):
    """In the lanes, in the list and in its story; none that runs or is done is shown beside it."""
    with serving(tmp_path) as site:
        site.send("left")
        page = visitor.visit(site, "#/tasks")
        page.locator(".lanes .bar.task-orphaned").wait_for()
        page.get_by_role("button", name="Orphaned", exact=True).click()
        page.locator("tbody tr").get_by_text("orphaned").wait_for()
        page.locator("tbody tr").click()

        page.locator(".page .badge.task-orphaned").first.wait_for()
        page.goto("about:blank")  # before its server goes


def test_a_task_of_a_program_that_was_killed_is_silent(visitor, tmp_path):
    """It is said since when, in the list and in the story, once that is a minute; nobody knows more before ten."""
    with serving(tmp_path) as site:
        site.send("killed")
        wait_for(lambda: site.events(filter="task.started"))
        last = datetime.fromisoformat(site.events(limit=1)[0]["time"][:19] + "+00:00").timestamp()
        visitor.page.clock.set_fixed_time(last + 30)
        page = visitor.visit(site, "#/tasks")
        page.locator("tbody tr").get_by_text("running").wait_for()
        assert page.get_by_text("silent since").count() == 0

        visitor.page.clock.set_fixed_time(last + 90)

        page.locator("tbody tr").get_by_text("silent since").wait_for()
        page.locator("tbody tr").click()
        page.locator("h1").get_by_text("silent since").wait_for()
        page.goto("about:blank")  # before its server goes


def test_a_task_that_failed_without_an_exception_gives_its_reason(visitor, tmp_path):
    """In the list, in its story and in the event's details; the type that stands for "any other" is nowhere an explanation."""
    with serving(tmp_path) as site:
        site.send("refused")
        wait_for(lambda: site.events(filter="task.failed"))
        event = site.events(filter="task.failed")[0]
        page = visitor.visit(site, "#/tasks")
        page.locator("tbody tr .bad", has_text="card refused").wait_for()
        assert page.get_by_text("_OTHER").count() == 0
        page.locator("tbody tr").click()
        page.locator(".occurrence summary", has_text="card refused").wait_for()
        page = visitor.visit(site, f"#/live?event={event['seq']}")
        page.locator(".details-error").wait_for()

        assert page.locator(".details-error").inner_text() == "card refused"
        page.goto("about:blank")  # before its server goes


def test_a_story_shows_what_happened_inside_spans_and_their_links(visitor, site):
    """A span of another library opens to its attributes, its events, and the spans it is linked with."""
    site.send("traced")
    page = visitor.visit(site, "#/tasks?task=build-1")
    page.get_by_role("button", name="GET /citations").click()

    details = page.get_by_role("region", name="Span GET /citations")
    details.get_by_text("dns.resolved").wait_for()
    details.get_by_text("host=cite.example").wait_for()
    link = details.get_by_role("link", name=re.compile("trace 0+abc"))
    assert "trace_id" in link.get_attribute("href")
    page.reload()
    details.get_by_text("dns.resolved").wait_for()


def test_times_have_units(visitor, site):
    """A duration reads as one in a story, in a table and in the details, where the program's digits stand as well."""
    event = site.events(filter="task.completed task_id=draft-3")[0]
    page = visitor.visit(site, f"#/types?name=task.completed&event={event['seq']}")
    pair = page.locator(".pair", has_text="duration")
    pair.wait_for()
    page.get_by_role("columnheader", name="duration").wait_for()
    head = page.locator("th").all_inner_texts().index("duration")

    assert re.search(r"\d (s|ms|µs)$", page.locator("tbody tr").first.locator("td").nth(head).inner_text())
    assert float(pair.locator(".value").inner_text()) == event["attributes"]["duration"]
    assert re.search(r"\d (s|ms|µs)\b", pair.inner_text())


def test_each_number_has_a_scale_of_its_own(visitor, site):
    """Unlike numbers are not drawn on one axis: a curve for each, over the same time."""
    page = visitor.visit(site, "#/cycles?curves=task.completed")
    page.locator(".number-line canvas").first.wait_for()

    names = page.locator(".number-head b").all_inner_texts()

    assert {"duration", "quality"} <= set(names)
    page.get_by_role("button", name="Since each session began").click()
    until(page, "location.hash.includes('over=run')")


def test_runs_of_one_id_are_told_apart_and_compared(visitor, site):
    """A story says which run it shows, leads to the others, and stands beside the one before."""
    climbed(site, 10)
    climbed(site, 20)
    page = visitor.visit(site, "#/tasks?search=climb-1")
    page.locator("tbody tr").first.click()
    page.get_by_label("Comparison with the run before").get_by_text("height").wait_for()
    runs = page.get_by_label("Run", exact=True)
    newest = int(runs.input_value())
    height = page.locator(".facts div", has_text="height").locator("dd")
    assert height.inner_text() == "20"

    runs.select_option(str(newest - 1))

    until(page, "document.querySelector('.facts dd')?.textContent === '10'")
    assert f"run={newest - 1}" in address_of(page)


def test_cycles_and_sessions_are_compared_with_their_last_run(visitor, site):
    """A session stands beside its run before; so does a cycle that has none before it in its session."""
    climbed(site, 11)
    climbed(site, 12)
    page = visitor.visit(site, "#/cycles?session=expedition")

    page.get_by_role("heading", name=re.compile(r"Session expedition: run \d+ beside \d+")).wait_for()
    page.get_by_role("heading", name=re.compile(r"Cycle 1, run \d+ of \d+ beside 1, run")).wait_for()
    page.get_by_role("region", name="Cycles").get_by_role("link", name="tasks").first.click()
    page.get_by_role("button", name=re.compile(r"cycle run \d+ ×")).wait_for()
    until(page, "document.querySelectorAll('tbody tr').length === 2")


ASTRAY = """() => [...document.querySelectorAll(".lane-bars")].flatMap((lane) => {
    const bars = [...lane.querySelectorAll(".bar")].map((bar) => bar.getBoundingClientRect());
    return [...lane.querySelectorAll(".mark")].map((mark) => mark.getBoundingClientRect()).filter((mark) =>
        !bars.some((bar) => bar.left - 1 <= mark.left && mark.right <= bar.right + 1 && bar.top <= mark.bottom && mark.top <= bar.bottom))
        .map((mark) => mark.left)
})"""


def test_marks_stay_on_their_bars(visitor, site):
    """One at the end of a task would lie on the next one, and lead to the wrong story."""
    site.tell("ends")
    # By itself: beside what took minutes it would be too short for marks.
    page = visitor.visit(site, "#/tasks?search=long-1")
    page.locator(".mark[title^='edge.touched']").nth(1).wait_for()

    assert page.evaluate(ASTRAY) == []
