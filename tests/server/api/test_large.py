"""Events that are large, and a page of them."""

from __future__ import annotations

import pytest

from tests.server.served import run_program, serving

pytestmark = pytest.mark.slow

PROGRAM = """
import otel_events as ev

ev.configure()
for number in range(300):
    ev.emit("prompt.long", f"{number} " + "word " * 12_000)
print(ev.shutdown(timeout=50))
"""


@pytest.mark.room
def test_a_page_of_large_events_is_shorter_and_leads_on(tmp_path):
    """So that no answer fills a memory."""
    seen, after = [], 0
    with serving(tmp_path) as server:
        assert run_program(server, PROGRAM) == "True\n"
        while after is not None:
            page = server.client.get("/api/events", params={"after": after, "limit": 1000}).json()
            seen.append([event["message"].split()[0] for event in page["events"]])
            after = page["next"]

    assert [each for page in seen for each in page] == [str(number) for number in range(300)]
    assert len(seen) > 1
