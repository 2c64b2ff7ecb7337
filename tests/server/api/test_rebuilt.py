"""The index only says what the ledger says: made anew, it answers the same."""

from __future__ import annotations

import shutil
import time

import pytest

from tests.program import PATIENCE
from tests.server.api.conftest import STORY
from tests.server.served import run_program, serving

pytestmark = pytest.mark.slow
QUESTIONS = (
    "/api/events?limit=1000",
    "/api/tasks",
    "/api/sessions",
    "/api/cycles",
    "/api/errors",
    "/api/alerts",
    *(f"/api/stats?by={by}" for by in ("event", "task", "persona", "cycle", "session", "service")),
    "/api/names",
    "/api/values?key=persona",
)


def test_an_index_that_was_lost_answers_as_before(tmp_path):
    """Sums by sum."""
    with serving(tmp_path) as server:
        run_program(server, STORY)
        before = {question: server.client.get(question).json() for question in QUESTIONS}
    shutil.rmtree(server.ledger.with_name(".events.jsonl.index"))

    with serving(tmp_path) as server:
        after = {question: server.client.get(question).json() for question in QUESTIONS}
    assert after == before


def test_what_is_deleted_with_the_ledger_is_gone_from_the_sums(tmp_path):
    """Within some seconds of the next start."""
    with serving(tmp_path) as server:
        run_program(server, STORY)
    server.ledger.unlink()

    with serving(tmp_path) as server:
        end = time.monotonic() + PATIENCE
        while server.client.get("/api/tasks").json()["tasks"] and time.monotonic() < end:
            time.sleep(0.2)
        left = {question: server.client.get(question).json() for question in QUESTIONS}
    lists = [value for answer in left.values() for value in answer.values() if isinstance(value, list)]
    assert not any(lists)
