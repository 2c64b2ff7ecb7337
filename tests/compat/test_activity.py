"""The activity publisher: files that change, against a real NATS as its dashboard listens to it."""

import json
import os
import threading
from pathlib import PureWindowsPath
from uuid import UUID

import pytest
import trustme

import otel_events as ev
from otel_events.cli.relaying.message import Message
from otel_events.cli.relaying.translate import Translator
from otel_events.compat.activity import ActivityPublisher, flush
from otel_events.compat.activity_message import Seen, make_message
from otel_events.errors import ConfigurationError
from otel_events.testing import capture_events
from otel_events.watching import FileEvent
from tests.message_servers import PATIENCE, TlsFiles, nats_server, running, wait_until
from tests.nats_accounts import make_keys
from tests.nats_clients import Listener
from tests.program import ledger_events

pytestmark = [pytest.mark.slow, pytest.mark.backends, pytest.mark.usefixtures("program")]

ALWAYS = ["timestamp", "trace_id", "file_path"]
TASK = "---\nid: a1\ntype: refactor\nstatus: done\nresult: 42 tests\n---\n"
EXCHANGE = "model: llama-3\n\n## Prompt\n\nWrite a haiku\n\n## Response\n\nAn old silent pond\n"
REFERENCES = "See\n\n@references:\n- [pattern](../KOIOS/mycelium.md)\n- file:///C:/eva/ETHIK/rules.md\n"


@pytest.fixture
def server(tmp_path):
    with running(nats_server(tmp_path / "nats")) as server:
        yield server


@pytest.fixture
def workspace(tmp_path):
    """A directory that is watched."""
    (tmp_path / "work" / "tasks").mkdir(parents=True)
    (tmp_path / "work" / "CRONOS").mkdir()
    return tmp_path / "work"


def publisher(server, workspace, **more):
    return ActivityPublisher(workspace, nats_url=server.url, **{"heartbeat": 0, **more})


def test_each_classifier_has_its_topic(server, workspace):
    """Flat JSON with the promised keys: when, trace and file, then the topic's own."""
    with Listener(server.url, "egos.>") as listener, publisher(server, workspace):
        (workspace / "tasks" / "one.md").write_text(TASK)
        (workspace / "CRONOS" / "haiku.md").write_text(EXCHANGE)
        (workspace / "CRONOS" / "refs.md").write_text(REFERENCES)
        wait_until(lambda: len(listener.heard) == 3)

    heard = dict(listener.heard)
    assert {topic: [*said] for topic, said in heard.items()} == {
        "egos.sparc.tasks": [*ALWAYS, "id", "type", "status", "result", "uid"],
        "egos.llm.logs": [*ALWAYS, "model", "prompt", "response", "uid"],
        "egos.propagation.log": [*ALWAYS, "subsystem", "pattern", "status", "uid"],
    }
    task, exchange, reference = (heard[f"egos.{name}"] for name in ("sparc.tasks", "llm.logs", "propagation.log"))
    assert [task[key] for key in ("id", "type", "status", "result")] == ["a1", "refactor", "done", "42 tests"]
    assert [exchange[key] for key in ("prompt", "response")] == ["Write a haiku", "An old silent pond"]
    assert [reference[key] for key in ("subsystem", "status")] == ["CRONOS", "propagated"]
    assert task["file_path"] == str(workspace.resolve() / "tasks" / "one.md")
    assert task["timestamp"].endswith("+00:00")


def test_what_is_no_number_is_null(server, workspace):
    """Python writes NaN into files, and no browser reads it; half a character is none."""
    with Listener(server.url, "egos.>") as listener, publisher(server, workspace):
        (workspace / "tasks" / "one.json").write_text('{"result": [NaN, -Infinity, 1.5], "status": "\\ud800x"}')
        wait_until(lambda: listener.heard)

    ((_, said),) = listener.heard
    assert (said["result"], said["status"]) == ([None, None, 1.5], "\ufffdx")


def test_the_trace_id_is_the_events(server, workspace, tmp_path):
    """A UUID of the 128 bits that the event has as trace id, made for each; inside a task all are in its trace."""
    ledger = tmp_path / "events.jsonl"
    ev.configure(ledger=str(ledger))
    with Listener(server.url, "egos.>") as listener:
        with publisher(server, workspace):
            (workspace / "tasks" / "one.md").write_text(TASK)
            (workspace / "tasks" / "two.md").write_text(TASK)
            wait_until(lambda: len(listener.heard) == 2)
        with ev.task("sweep"), publisher(server, workspace, initial=0):
            (workspace / "tasks" / "three.md").write_text(TASK)
            wait_until(lambda: len(listener.heard) == 3)
    assert ev.flush(PATIENCE)

    lines = ledger_events(ledger)
    by_uid = {line["uid"]: line for line in lines}
    said = [each for _, each in listener.heard]
    assert [UUID(each["trace_id"]).hex for each in said] == [by_uid[each["uid"]]["trace_id"] for each in said]
    assert len({each["trace_id"] for each in said}) == 3
    (started,) = (line for line in lines if line["event"] == "task.started")
    assert UUID(said[2]["trace_id"]).hex == started["trace_id"]


def test_the_dashboard_is_not_empty_at_the_start(server, workspace):
    """The newest files are told at once, the oldest of them first, and a heartbeat, which comes again and again."""
    for number in range(5):
        path = workspace / "tasks" / f"{number}.md"
        path.write_text(f"---\nid: t{number}\n---\n")
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    with Listener(server.url, ">") as listener, publisher(server, workspace, initial=3, heartbeat=0.05):
        wait_until(lambda: [topic for topic, _ in listener.heard].count("heartbeat") >= 3)
        wait_until(lambda: [topic for topic, _ in listener.heard].count("egos.sparc.tasks") == 3)

    tasks = [said for topic, said in listener.heard if topic == "egos.sparc.tasks"]
    beat = next(said for topic, said in listener.heard if topic == "heartbeat")
    assert [said["id"] for said in tasks] == ["t2", "t3", "t4"]
    assert tasks[0]["timestamp"] == "1970-01-12T13:46:42.000000+00:00"
    assert (beat["component"], beat["interval"], beat["status"]) == ("activity", 0.05, "ok")
    assert UUID(beat["trace_id"])


def test_a_workspace_that_means_something_else_by_its_files_says_so(server, workspace, tmp_path):
    """Functions or rules stand in the place of the three; what they give those names is on their topics."""

    def link(change):
        return FileEvent("pattern.propagated", {"subsystem": "KOIOS", "pattern": "cross_reference", "status": "active"})

    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {path: 'tasks/*.md', event: sparc.task, fields: {id: id, status: state}}\n")
    with Listener(server.url, ">") as listener:
        with publisher(server, workspace, classify=link):
            (workspace / "CRONOS" / "one.md").write_text(REFERENCES)
            wait_until(lambda: listener.heard)
        with publisher(server, workspace, rules=rules, initial=0):
            (workspace / "tasks" / "two.md").write_text("---\nid: a1\nstate: started\n---\n")
            wait_until(lambda: len(listener.heard) > 1)

    (first, link_said), (second, task_said) = listener.heard
    assert (first, link_said["pattern"], link_said["status"]) == ("egos.propagation.log", "cross_reference", "active")
    assert (second, task_said["id"], task_said["type"], task_said["status"]) == (
        "egos.sparc.tasks",
        "a1",
        "process",
        "started",
    )


def test_only_wanted_extensions_are_looked_at(server, workspace):
    """With or without a dot; what no classifier knows is told to nobody."""
    with Listener(server.url, ">") as listener, publisher(server, workspace, extensions=[".md", "json"]):
        (workspace / "tasks" / "one.txt").write_text(TASK)
        (workspace / "CRONOS" / "plain.md").write_text("nothing")
        (workspace / "tasks" / "two.json").write_text(json.dumps({"id": "two"}))
        wait_until(lambda: listener.heard)

    assert [(topic, said["id"]) for topic, said in listener.heard] == [("egos.sparc.tasks", "two")]


def test_a_burst_is_published_whole(server, workspace):
    """Three hundred files at once are three hundred messages."""
    with Listener(server.url, "egos.>") as listener, publisher(server, workspace):
        for number in range(300):
            (workspace / "tasks" / f"{number}.md").write_text(f"---\nid: t{number}\n---\n")
        wait_until(lambda: len(listener.heard) == 300)

    assert {said["id"] for _, said in listener.heard} == {f"t{number}" for number in range(300)}


def test_nothing_waits_in_vain_over_restarts_under_load(server, workspace):
    """NATS is killed three times while files come: it gets a message for each, and who listens again hears them.

    What it had read and not handed on when it was killed is gone: core NATS keeps nothing.
    """
    ev.configure(ledger=False)
    is_over, written = threading.Event(), [0]

    def work():
        while not is_over.wait(0.01):
            (workspace / "tasks" / f"{written[0]:05}.md").write_text(f"---\nid: t{written[0]}\n---\n")
            written[0] += 1

    with publisher(server, workspace):
        writer = threading.Thread(target=work)
        writer.start()
        for _ in range(3):
            before = ev.stats().delivered.get("activity", 0)
            wait_until(lambda before=before: ev.stats().delivered.get("activity", 0) > before)
            server.kill()
            before = ev.stats().retries
            wait_until(lambda before=before: ev.stats().retries > before)
            server.start()
        with Listener(server.url, "egos.>") as listener:
            after = written[0]
            wait_until(lambda: written[0] > after + 20)
            is_over.set()
            writer.join()
            wanted = {f"t{number}" for number in range(after, written[0])}
            wait_until(lambda: wanted <= {said["id"] for _, said in list(listener.heard)})
    wait_until(lambda: flush(1))

    assert ev.stats().delivered["activity"] == written[0]


def test_a_nats_that_is_away_is_told_without_its_password(workspace, tmp_path, caplog):
    """The watching goes on; there is one warning; when NATS comes, it gets what waited."""
    server = nats_server(tmp_path / "nats", authorization={"user": "u", "password": "xk8s-secret"})
    url = server.url.replace("://", "://u:xk8s-secret@")
    with ActivityPublisher(workspace, nats_url=url, heartbeat=0):
        (workspace / "tasks" / "one.md").write_text(TASK)
        wait_until(lambda: ev.stats().retries >= 2)
        (told,) = [record.getMessage() for record in caplog.records]
        assert "xk8s-secret" not in told

        with running(server):
            wait_until(lambda: flush(1))
            assert ev.stats().delivered["activity"] == 1


def test_a_nats_that_speaks_tls_and_asks_who_comes(tmp_path, workspace, monkeypatch):
    """With the authority and the credentials that the sink's settings name."""
    files = TlsFiles(tmp_path, trustme.CA())
    keys, seed = make_keys("user")
    (tmp_path / "app.nk").write_text(seed)
    monkeypatch.setenv("OTEL_EVENTS_NATS_CERTIFICATE", str(files.ca))
    monkeypatch.setenv("OTEL_EVENTS_NATS_CREDENTIALS", str(tmp_path / "app.nk"))
    settings = {"tls": {"cert_file": str(files.certificate), "key_file": str(files.key)}}
    settings["authorization"] = {"users": [{"nkey": keys.public_key.decode()}]}
    with running(nats_server(tmp_path / "nats", **settings)) as server:
        url = server.url.replace("nats://", "tls://")
        with ActivityPublisher(workspace, nats_url=url, heartbeat=0):
            (workspace / "tasks" / "one.md").write_text(TASK)
            wait_until(lambda: ev.stats().delivered.get("activity"))


def test_secrets_are_taken_out(server, workspace):
    """Of prompts, of responses, of results."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    with Listener(server.url, "egos.>") as listener, publisher(server, workspace):
        (workspace / "CRONOS" / "chat.md").write_text(f"## Prompt\n\nuse {token}\n\n## Response\n\nyes\n")
        wait_until(lambda: listener.heard)

    ((_, said),) = listener.heard
    assert token not in json.dumps(said)
    assert said["prompt"].startswith("use <REDACTED")


def test_prompts_may_stay_where_they_are(server, workspace):
    """Without content the topic has the model, and nothing of what was said."""
    with Listener(server.url, "egos.>") as listener, publisher(server, workspace, content=False):
        (workspace / "CRONOS" / "haiku.md").write_text(EXCHANGE)
        wait_until(lambda: listener.heard)

    ((_, said),) = listener.heard
    assert (said["prompt"], said["response"]) == ("", "")


def test_paths_of_windows_are_as_windows_writes_them():
    """Backslashes are JSON's to escape; whoever reads it gets the path."""
    path = PureWindowsPath("C:/Eva Guarani/tasks/one.md")
    seen = Seen("sparc.task", {"id": "1", "file_path": str(path)}, 1_771_095_683_456_000_000, 1, "w-1")

    message = make_message(seen)

    said = json.loads(message.payload)
    assert message.subject == "egos.sparc.tasks"
    assert said["file_path"] == "C:\\Eva Guarani\\tasks\\one.md"
    assert (said["timestamp"], said["trace_id"]) == (
        "2026-02-14T19:01:23.456000+00:00",
        "00000000-0000-0000-0000-000000000001",
    )


@pytest.mark.parametrize("arguments", [{"nats_url": "http://x"}, {"paths": ["/no/such/directory"]}, {"paths": []}])
def test_what_cannot_work_is_said_at_once(tmp_path, arguments):
    """A publisher that would watch nothing, or publish nowhere, is not made."""
    paths = arguments.get("paths", [tmp_path])

    with pytest.raises(ConfigurationError):
        ActivityPublisher(*paths, nats_url=arguments.get("nats_url", "nats://127.0.0.1:4222"))


def test_a_test_that_captures_publishes_nothing(server, workspace):
    """What a test sees in its files is not seen on anybody's dashboard."""
    with Listener(server.url, ">") as listener, capture_events() as captured:
        with publisher(server, workspace):
            (workspace / "tasks" / "one.md").write_text(TASK)
            wait_until(lambda: len(captured) == 1)
        assert flush(PATIENCE)

    assert (captured.only().name, listener.heard) == ("sparc.task", [])


def test_a_relay_takes_a_message_for_the_event_that_it_is():
    """What `otel-events relay --from nats` makes of it has the event's name, uid, time and trace: nothing comes twice."""
    trace_id = UUID("0f3a9c11-0f3a-4c11-8f3a-9c110f3a9c11")
    attributes = {"id": "1", "type": "test", "status": "done", "file_path": "C:\\work\\one.md"}
    message = make_message(
        Seen("sparc.task", attributes, 1_771_095_683_456_000_000, trace_id.int, "0f3a0f3a0f3a0f3a-1")
    )
    (event,) = Translator("relayed").events([Message(message.payload, "key", message.subject)])

    assert (event.name, event.uid, event.timestamp) == ("sparc.task", message.uid, 1_771_095_683_456_000_000)
    assert event.trace_id == trace_id.int
    assert {**attributes, "result": None} == {**event.attributes, "result": None}
