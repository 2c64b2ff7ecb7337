"""What the API answers, over real HTTP, to what a real program sent."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime, timedelta, timezone

import pytest

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


def names(answer):
    return [event["event"] for event in answer["events"]]


# --- events


def test_events_come_as_lines_of_the_ledger_with_their_numbers(get):
    """In the order in which they came, correlation at the top, attributes inside; what writers say of themselves is left out."""
    (event,) = get("/api/events", filter="garden.*")["events"]

    assert next(iter(event)) == "seq"
    assert event["attributes"] == {"litres": 3, "sort": "rose", "deep": {"a": [1, 2.5, None]}, "note": "<b>bold</b>"}
    assert event["service"] == "orchestrator"
    assert get("/api/events", limit=1)["events"][0]["event"] == "session.start"
    assert names(get("/api/events", filter="otel_events.writer.started")) == ["otel_events.writer.started"]


def test_pages_give_every_event_once_in_either_order(get):
    """With the cursor that each page names, until there is none."""

    def pages(cursor, order):
        seen, position = [], None
        while True:
            page = get("/api/events", limit=7, order=order, **({cursor: position} if position else {}))
            seen += [event["seq"] for event in page["events"]]
            position = page["next"]
            if position is None:
                return seen

    oldest, newest = pages("after", "oldest"), pages("before", "newest")
    assert oldest == sorted(set(oldest))
    assert newest == oldest[::-1]
    assert len(oldest) == len(get("/api/events", limit=1000)["events"])


def test_events_are_chosen_by_filter_and_time(get):
    """In the one filter language."""
    assert len(get("/api/events", filter="evidence.added quality>0.8")["events"]) == 2
    assert names(get("/api/events", filter='"nearly full"')) == ["alert.triggered"]
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat()
    assert get("/api/events", since=tomorrow)["events"] == []
    assert len(get("/api/events", since="1h", until="now", filter="alert.*")["events"]) == 4


def test_one_event_is_its_line(get):
    """By its number; another number is not there."""
    event = get("/api/events", filter="garden.*")["events"][0]

    assert get(f"/api/events/{event['seq']}") == event
    assert "not kept here" in get("/api/events/999999", status=404)["error"]["problem"]


@pytest.mark.parametrize(("query", "parameter", "cure"), [
    ({"limit": "0"}, "limit", "from 1 to 1000"),
    ({"limit": "9" * 5000}, "limit", "from 1 to 1000"),
    ({"after": "-1"}, "after", "from 0"),
    ({"order": "random"}, "order", "oldest or newest"),
    ({"since": "someday"}, "since", "10m"),
    ({"filtre": "task.*"}, "filtre", "did you mean 'filter'"),
    ({"filter": "x" * 5000}, "filter", "4,000"),
    ({"filter": "a\0b"}, "filter", "NUL"),
])  # fmt: skip
def test_a_parameter_that_cannot_be_used_is_named_with_the_cure(get, query, parameter, cure):
    """As 400, whatever it is."""
    error = get("/api/events", status=400, **query)["error"]

    assert error["parameter"] == parameter
    assert cure in error["problem"]


def test_a_mistake_in_a_filter_has_its_column(get):
    """Of the first one; all of them are told."""
    error = get("/api/events", status=400, filter="task.* severity>=loud, x>y")["error"]

    assert error["column"] == 18
    assert "column 18" in error["problem"]
    assert "column 26" in error["problem"]


def test_what_is_asked_twice_or_in_no_encoding_is_refused(server):
    """Which of two is meant nobody knows."""
    assert server.client.get("/api/events?limit=1&limit=2").json()["error"]["parameter"] == "limit"
    assert server.client.get("/api/events?filter=%FF").status_code == 400
    assert server.client.get("/api/events?" + "&".join(f"a{n}=1" for n in range(99))).status_code == 400


def test_other_methods_and_paths_are_refused_in_the_same_form(server):
    """With what would be right."""
    refused = server.client.delete("/api/events")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert "/openapi.json" in server.client.get("/api/event").json()["error"]["problem"]
    assert server.client.get("/api/test-event").headers["allow"] == "POST"


def test_an_export_is_a_ledger_that_other_commands_read(server, tmp_path):
    """As lines or zipped, with the same filter."""
    lines = server.client.get("/api/export", params={"filter": "task.*"})
    zipped = server.client.get("/api/export", params={"filter": "task.*", "format": "zip"})

    assert lines.headers["content-disposition"] == "attachment; filename*=UTF-8''events.jsonl"
    events = [json.loads(line) for line in lines.text.splitlines()]
    assert len(events) == 14
    assert all("seq" not in event for event in events)
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert archive.read("events.jsonl") == lines.content


# --- tasks and traces


def test_tasks_are_listed_by_what_became_of_them(get):
    """The latest first."""
    tasks = {task["task_id"]: task for task in get("/api/tasks")["tasks"]}

    assert sorted(tasks) == ["bad-41-0", "bad-42-0", "bad-42-1", "in/ner 41", "in/ner 42", "t-41", "t-42"]
    assert tasks["t-41"]["state"] == "completed"
    assert tasks["t-41"]["attributes"]["quality"] == 0.85
    assert tasks["bad-41-0"]["error_type"] == "ValueError"
    failed = get("/api/tasks", state="failed", cycle="42", persona="thesis", session="s-1")["tasks"]
    assert [task["task_id"] for task in failed] == ["bad-42-1", "bad-42-0"]
    assert get("/api/tasks", state="running")["tasks"] == []


def test_the_story_of_a_task_has_what_is_above_and_beneath(get):
    """Its events and spans too, whatever characters its id has."""
    outer, inner = get("/api/tasks/t-42"), get("/api/tasks/in%2Fner%2042")

    assert [task["task_id"] for task in outer["children"]] == ["in/ner 42"]
    assert names(outer) == ["task.started", "evidence.added", "task.completed"]
    assert [task["task_id"] for task in inner["ancestors"]] == ["t-42"]
    (span,) = outer["spans"]
    assert (span["name"], span["status"], span["span_id"]) == ("draft", "ok", outer["task"]["span_id"])
    assert INSTANT.fullmatch(span["started"])
    get("/api/tasks/nobody", status=404)
    get("/api/tasks/no%0Abody%0A", status=404)
    get("/api/no%0Asuch", status=404)


def test_a_trace_has_its_spans_and_events(get):
    """The cycle's is one."""
    trace_id = get("/api/tasks/t-42")["task"]["trace_id"]
    trace = get(f"/api/traces/{trace_id}")

    assert {event["cycle"] for event in trace["events"]} == {42}
    (draft,) = (span for span in trace["spans"] if span["name"] == "draft")
    assert "evidence.added" in {event["name"] for event in draft["events"]}
    get("/api/traces/" + "0" * 32, status=404)


# --- sessions and cycles


def test_sessions_and_cycles_have_times_counts_and_stages(get):
    """The latest first."""
    (session,) = get("/api/sessions")["sessions"]
    second, first = get("/api/cycles", session="s-1")["cycles"]

    assert (session["session_id"], session["cycles"], session["errors"]) == ("s-1", 2, 3)
    assert (session["is_started"], session["last"] >= session["ended"]) == (True, True)
    assert second["is_started"]
    assert session["ended"] >= session["started"]
    assert (second["cycle"], second["day"], second["errors"], second["stalls"]) == (42, 1551, 2, 1)
    (stage,) = second["stages"]
    assert stage["name"] == "thesis"
    assert 0 < stage["duration"] <= second["duration"]
    assert first["cycle"] == 41
    assert get("/api/cycles", session="nobody")["cycles"] == []


def test_one_cycle_comes_with_its_tasks(get):
    """And of its session, if that is named."""
    answer = get("/api/cycles/41", session="s-1")

    assert answer["cycle"]["cycle"] == 41
    assert {task["task_id"] for task in answer["tasks"]} == {"t-41", "in/ner 41", "bad-41-0"}
    get("/api/cycles/41", status=404, session="nobody")
    get("/api/cycles/x", status=404)


# --- errors and alerts


def test_errors_that_say_the_same_are_one_group(get):
    """With their number, trend, services and stacks."""
    answer = get("/api/errors")
    group = next(each for each in answer["groups"] if each["type"] == "ValueError")

    assert (group["count"], sum(group["trend"]), group["event"], group["services"]) == (
        3,
        3,
        "task.failed",
        ["orchestrator"],
    )
    assert group["message"].startswith("bad value")
    one = get(f"/api/errors/{group['fingerprint']}", limit=2)
    assert one["group"]["count"] == 3
    assert [event["seq"] for event in one["occurrences"]] == sorted(
        (event["seq"] for event in one["occurrences"]), reverse=True
    )
    assert "ValueError: bad value" in one["occurrences"][0]["attributes"]["exception.stacktrace"]
    assert group["fingerprint"] not in {each["fingerprint"] for each in get("/api/errors", since="now")["groups"]}
    get("/api/errors/nothing", status=404)


def test_an_error_without_an_exception_says_its_reason(get):
    """Behind a message of the program's own."""
    (group,) = (each for each in get("/api/errors")["groups"] if each["event"] == "alert.triggered")

    assert (group["type"], group["message"]) == ("", "Disk nearly full: 3 % left")


def test_alerts_are_open_until_they_are_resolved(get):
    """By their component; repeated ones are counted; stalls and missed heartbeats are among them."""
    answer = get("/api/alerts")

    open_ = {(alert["name"], alert["component"]): alert for alert in answer["open"]}
    assert open_["alert.triggered", "proxy"]["count"] == 2
    assert open_["alert.triggered", "proxy"]["message"] == "Still not responding"
    assert ("cycle.stalled", "s-1") in open_
    resolved = {(alert["name"], alert["component"]) for alert in answer["resolved"]}
    assert resolved == {("alert.triggered", "disk"), ("heartbeat.missed", "courier")}
    assert all(alert["ended"] for alert in answer["resolved"])


# --- counts


@pytest.mark.parametrize(("by", "key", "count", "errors"), [
    ("event", "evidence.added", 4, 0),
    ("event", "task.failed", 3, 3),
    ("persona", "thesis", 24, 3),
    ("cycle", 42, 15, 2),
    ("service", "orchestrator", 37, 4),
    ("session", "s-1", 30, 3),
    ("task", "t-42", 3, 0),
])  # fmt: skip
def test_events_are_counted_by_what_they_have_in_common(get, by, key, count, errors):
    """With their errors."""
    groups = {group["key"]: group for group in get("/api/stats", by=by)["groups"]}

    assert (groups[key]["count"], groups[key]["errors"]) == (count, errors)
    assert get("/api/stats", by=by, since="1h")["groups"] == get("/api/stats", by=by)["groups"]
    assert get("/api/stats", by=by, until="1h")["groups"] == []


def test_rates_have_a_place_for_every_moment(get):
    """In as many parts as fit, up to now."""
    fine, coarse = get("/api/rates", seconds=300), get("/api/rates", seconds=86_400, by="severity")

    assert fine["step"] == 1
    assert {len(series) for series in fine["series"].values()} == {300}
    assert sum(fine["series"]["evidence.added"]) == 4
    assert coarse["step"] == 144
    assert sum(coarse["series"]["error"]) == 4


def test_numbers_of_events_over_time(get):
    """For lines of any numeric attribute; what is no number is left out."""
    points = get("/api/series", event="evidence.added", attributes="quality,source")["points"]

    assert [point["values"] for point in points] == [
        {"quality": 0.82},
        {"quality": 0.41},
        {"quality": 0.82},
        {"quality": 0.42},
    ]
    assert {(point["session_id"], point["session_run"]) for point in points} == {("s-1", 1)}
    assert "attributes is missing" in get("/api/series", status=400, event="x")["error"]["problem"]


def test_keys_of_a_type(get):
    """Those that were seen, then those that the catalogue knows."""
    keys = {each["key"]: each for each in get("/api/attributes", event="evidence.added")["attributes"]}

    assert keys["quality"] == {"key": "quality", "kind": "double", "count": 4}
    assert keys["confidence"]["count"] == 0


# --- the catalogue


def test_the_catalogue_says_what_was_seen(get):
    """What is defined, and what nobody has defined; what writers say of themselves is not among it."""
    answer = get("/api/catalog")
    defined = {each["name"]: each for each in answer["definitions"]}

    assert defined["evidence.added"]["seen"] == 4
    assert INSTANT.fullmatch(defined["evidence.added"]["first"])
    assert (defined["rune"]["seen"], defined["rune"]["first"]) == (0, None)
    assert [each["name"] for each in answer["unknown"]] == ["garden.watered"]


def test_words_for_completion(get):
    """Names, and values of a key, with how often they occur."""
    assert get("/api/names", limit=1)["names"] == [{"name": "task.started", "count": 7}]
    assert get("/api/values", key="persona")["values"] == [{"value": "thesis", "count": 24}]
    assert get("/api/values", key="session_id")["values"] == [{"value": "s-1", "count": 30}]
    assert get("/api/values", key="sort")["values"] == [{"value": "rose", "count": 1}]


# --- the server


def test_writers_say_how_they_ended_and_what_is_missing(get):
    """Of each program."""
    writer = next(each for each in get("/api/writers")["writers"] if each["service"] == "orchestrator")

    assert (writer["state"], writer["missing"], writer["dropped"]) == ("stopped", 0, {})
    assert writer["pid"] > 0


def test_the_health_of_the_server(server, get):
    """In figures."""
    health = get("/api/health")

    assert health["stored"]["events"] >= 37
    assert health["stored"]["last_seq"] >= health["stored"]["events"]
    assert health["disk"]["ledger_bytes"] > 0
    assert health["connections"] >= 1
    assert health["clients"] == 0
    assert server.otlp.endswith(f":{health['otlp_port']}")
    assert health["index"]["state"] == "ready"


def test_a_test_event_is_stored_and_returned(server, get):
    """As any other; asking for it is a POST, and only from our own page."""
    event = server.client.post("/api/test-event").json()["event"]

    assert event["event"] == "test.event"
    assert get(f"/api/events/{event['seq']}") == event
    assert server.client.post("/api/test-event", headers={"Origin": "https://evil.example"}).status_code == 403
