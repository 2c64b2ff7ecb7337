"""What programs with our own Redis sink publish is read by the server as well."""

import json

from otel_events.server.live.broadcast_reading import BroadcastReader

LINE = {
    "time": "2026-02-14T19:01:23.456000000Z",
    "event": "evidence.added",
    "severity": "WARN",
    "message": "Evidence added",
    "task_id": "t-1",
    "trace_id": "0f3a9c110f3a4c118f3a9c110f3a9c11",
    "uid": "0f3a0f3a0f3a0f3a-1",
    "service": "orchestrator",
    "attributes": {"quality": 0.82},
}


def test_a_line_is_the_event_that_was_emitted():
    """Uid, trace, severity, task and service of a line of the ledger stay, and it comes once on both ways."""
    reader, payload = BroadcastReader(), json.dumps(LINE).encode()
    arrival, again = reader.read(payload, "channel"), reader.read(payload, "stream")

    event = arrival.event
    assert (event.uid, event.severity, event.attributes) == (
        "0f3a0f3a0f3a0f3a-1",
        13,
        {"quality": 0.82, "task_id": "t-1"},
    )
    assert f"{event.trace_id:032x}" == LINE["trace_id"]
    assert arrival.resource.attributes == {"service.name": "orchestrator"}
    assert again is None


def test_what_is_no_event_is_counted():
    """JSON without a name, and lines without a uid, are counted and passed over."""
    reader = BroadcastReader()
    for said in ({}, {"event": 3}, {**LINE, "uid": ""}):
        assert reader.read(json.dumps(said).encode(), "channel") is None

    assert reader.malformed == 3
