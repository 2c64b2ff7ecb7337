"""The event log in an application of somebody's own."""

from __future__ import annotations

import asyncio
import sys

import pytest
from textual.app import App

import otel_events as ev
from otel_events.filter_language import FilterError


def test_the_widget_shows_events_in_any_application(ledger, event):
    """With its keys, its filter, and a message when somebody wants to see one."""
    path = ledger(event("seed.germinated", 0, slot_id="a"), event("other", 1))
    heard, opened = [], []

    class Dashboard(App):
        def compose(self):
            yield ev.EventLog(path, filter="seed.*", observers=[heard.append])

        def on_event_log_opened(self, event):
            opened.append(event.record.name)

    async def look():
        app = Dashboard()
        async with app.run_test(size=(100, 20)) as pilot:
            log = app.query_one(ev.EventLog)
            for _ in range(2_000):
                await pilot.pause(0.02)
                if len(log.feed.timeline):
                    break
            assert "slot_id=a" in log.log_view.render_line(0).text
            assert len(log.feed.timeline) == 1
            await pilot.press("enter")
            await pilot.pause()

    asyncio.run(look())

    assert [record.name for record in heard] == ["seed.germinated", "other"]
    assert opened == ["seed.germinated"]


def test_a_filter_that_cannot_be_read_is_an_error_at_once(ledger, event):
    """Where it is written, not on the screen."""
    with pytest.raises(FilterError):
        ev.EventLog(ledger(event("a.b", 0)), filter="quality>")


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    """And everything else of the package works."""
    monkeypatch.setitem(sys.modules, "textual", None)
    for name in [name for name in sys.modules if name.startswith(("otel_events.tui", "textual."))]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(ImportError, match=r"otel-events\[tui\]"):
        _ = ev.EventLog
    with pytest.raises(AttributeError):
        _ = ev.NoSuchThing
