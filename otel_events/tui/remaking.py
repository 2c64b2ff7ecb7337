"""The rows made anew for another view, beside the screen's own work, those near the cursor first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from otel_events.tui.chunk import Chunk, Rows
    from otel_events.tui.log_widget import LogWidget
    from otel_events.tui.timeline import Key
    from otel_events.tui.view import View


class _Job(NamedTuple):
    chunk: Chunk
    view: View


class Remaking:
    """Changes the view of all events, however many they are.

    Args:
        log: whose rows they are.

    Attributes:
        is_under_way: some rows are missing.
    """

    def __init__(self, log: LogWidget) -> None:
        self._log = log
        self._near = 0
        self._sought: tuple[int, int] | None = None  # the event to which the cursor goes once there is a row near it
        self._left_at: Key | None = None  # where the cursor was put while it is sought
        self.is_under_way = False

    @property
    def has_cursor(self) -> bool:
        """Return whether the cursor is where it belongs, as far as rows are made."""
        return self._sought is None

    @property
    def to_go(self) -> int:
        """Return of how many events the rows are missing."""
        return sum(len(chunk) for chunk in self._log.feed.timeline.chunks() if chunk.rows is None)

    def begin(self, view: View) -> None:
        """Look at the events as *view* says; the one at the cursor, or the one nearest to it, keeps the cursor."""
        log, timeline = self._log.log_view, self._log.feed.timeline
        self._look_whether_moved()
        at = self._sought
        if at is None and log.count:
            at = timeline.index_of_event(timeline.key(log.cursor))
        self._near = at[0] if at is not None and not log.follows else timeline.chunks()[-1].number
        self._sought = None if log.follows else at
        here = timeline.show_as(view, at=self._near)
        log.forget_rows()
        log.show_news()
        was_under_way, job = self.is_under_way, self._next()
        self._seek(here)
        if job is not None and not was_under_way:
            self._log.run_worker(partial(self._make, job), thread=True)

    def _make(self, job: _Job | None) -> None:
        """Make rows until there are none missing, on a thread of its own."""
        while job is not None and self._log.is_running:
            rows = self._log.feed.timeline.make_rows(job.chunk, job.view)
            job = self._log.app.call_from_thread(self._take, job, rows)

    def _take(self, job: _Job, rows: Rows) -> _Job | None:
        log, timeline = self._log.log_view, self._log.feed.timeline
        if timeline.view is job.view and job.chunk.rows is None:
            self._look_whether_moved()
            log.show_inserted(timeline.take_rows(job.chunk, rows), job.chunk.count)
        following = self._next()
        self._seek(job.chunk)
        self._log.tell_of_change()
        return following

    def _look_whether_moved(self) -> None:
        log = self._log.log_view
        if log.follows or self._log.feed.timeline.key(log.cursor) != self._left_at:
            self._sought = None  # somebody went elsewhere

    def _next(self) -> _Job | None:
        timeline = self._log.feed.timeline
        chunk = timeline.next_without_rows(self._near)
        self.is_under_way = chunk is not None
        return _Job(chunk, timeline.view) if chunk is not None else None

    def _seek(self, made: Chunk) -> None:
        """Put the cursor where it belongs, if there are rows of *made*, the nearest chunk of those made so far."""
        log, timeline = self._log.log_view, self._log.feed.timeline
        if self._sought is not None and (made.count or not self.is_under_way):
            chunk, event = self._sought
            if made.number != chunk:
                event = len(made) if made.number < chunk else 0
            log.go_to(timeline.find_event(made.number, event))
            log.follows = False  # also if that is the last one
            self._sought = None
        self._left_at = timeline.key(log.cursor)
