"""`spool`: what waits on disk is seen, sent and deleted, and nothing without being asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from otel_events import spool
from otel_events.accounting import Accounts
from otel_events.cli.app import run
from otel_events.notices import Notices
from otel_events.otlp.encode import LogEncoder
from otel_events.spool.disk import DiskSpool
from otel_events.spool.places import spool_directory
from tests import acceptor


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run `spool` in this process, on spools beneath a folder of the test."""
    monkeypatch.setenv("OTEL_EVENTS_SPOOL_DIR", str(tmp_path / "spool"))

    def call(*arguments):
        code = run(["spool", *map(str, arguments)])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def leave(tmp_path):
    """Leave batches for a destination, as a process does that has died; return the directory."""
    encoder = LogEncoder({"service.name": "orchestrator"})

    def leave(destination, *batches, service="orchestrator", close=True):
        root = tmp_path / "spool"
        directory = spool_directory(root, service, destination, "logs")
        queue = DiskSpool(
            directory,
            root=root,
            service=service,
            signal="logs",
            destination=destination,
            writer_id="0f3a",
            accounts=Accounts(),
            notices=Notices(),
        )
        for names in batches:
            queue.append(encoder.encode(acceptor.events(*names)), len(names))
        if close:
            queue.close()
            return directory
        return queue

    return leave


def test_nothing_waits_where_nothing_was_sent(call):
    """An empty machine is no error."""
    results = {word: call(word) for word in ("list", "inspect", "drain", "quarantine")}

    assert {word: result.code for word, result in results.items()} == dict.fromkeys(results, 0)
    assert results["list"].out == "no spools: nothing waits to be sent\n"


def test_list_tells_whose_spool_it_is_and_how_much_waits(call, leave):
    """One row for each spool in which something is left; the others are counted."""
    leave("http://127.0.0.1:9/v1/logs", ["a", "b"], ["c"])
    leave("http://127.0.0.1:10/v1/logs")

    listed = call("list").out.splitlines()

    assert listed[1].split()[:4] == ["orchestrator", "logs", "3", "2"]
    assert listed[1].endswith("http://127.0.0.1:9/v1/logs")
    assert listed[2:] == [] or listed[2:] == ["1 spool in which nothing is left (--all)"]


def test_inspect_gives_the_same_as_the_library(call, leave):
    """As JSON, with paths."""
    directory = leave("http://127.0.0.1:9/v1/logs", ["a"])

    (found,) = json.loads(call("inspect", "orchestrator", "--json").out)

    info = spool.inspect(directory)
    assert (found["path"], found["records"], found["dead"]) == (str(directory), info.records, info.dead)


def test_drain_sends_to_where_it_was_to_go(call, leave):
    """Every batch arrives, and the spool is empty then."""
    with acceptor.HttpAcceptor() as receiver:
        directory = leave(receiver.url(), ["a", "b"], ["c"])

        drained = call("drain")

    assert drained.code == 0, drained.err
    assert sorted(receiver.names) == ["a", "b", "c"]
    assert f"3 of 3 records accepted by {receiver.url()}" in drained.out
    assert spool.inspect(directory).records == 0


def test_drain_speaks_grpc_to_a_destination_of_grpc(call, leave):
    """The address tells which it is."""
    with acceptor.GrpcAcceptor() as receiver:
        leave(receiver.url(), ["a"])

        drained = call("drain", "--json")

    assert json.loads(drained.out)[0]["accepted"] == 1
    assert receiver.names == ["a"]


def test_headers_go_to_the_destination_they_are_for(call, leave, monkeypatch):
    """What the environment has for one endpoint does not reach another, unless it is named."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret")
    with acceptor.HttpAcceptor() as mine, acceptor.HttpAcceptor() as other:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{mine.port}")
        leave(mine.url(), ["a"])
        leave(other.url(), ["b"])

        assert call("drain").code == 0

    assert [request.headers.get("authorization") for request in mine.requests] == ["secret"]
    assert [request.headers.get("authorization") for request in other.requests] == [None]


def test_drain_sends_elsewhere_when_told_to(call, leave):
    """`--to` is a base URL."""
    with acceptor.HttpAcceptor() as receiver:
        leave("http://127.0.0.1:9/v1/logs", ["a"])

        drained = call("drain", "--to", f"http://127.0.0.1:{receiver.port}")

    assert drained.code == 0
    assert receiver.names == ["a"]
    assert receiver.requests[0].headers[":target"] == "/v1/logs"


@pytest.mark.parametrize("status", [401, 404, 400])
def test_what_is_refused_stays(call, leave, status):
    """A wrong URL or a missing header does not empty a spool; the exit code and the words say what is left."""
    with acceptor.HttpAcceptor() as receiver:
        receiver.usual = acceptor.answer_with(status)
        directory = leave(receiver.url(), ["a"], ["b"])

        drained = call("drain")

    assert drained.code == 1
    assert "0 of 2 records accepted" in drained.out
    assert f"2 left there: HTTP {status}" in drained.out
    assert spool.inspect(directory).records == 2


def test_what_is_refused_for_good_can_be_put_out_of_the_way(call, leave):
    """It goes to quarantine when that is wished, and the rest goes on."""
    with acceptor.HttpAcceptor() as receiver:
        receiver.script.append(acceptor.answer_with(400))
        directory = leave(receiver.url(), ["a"], ["b"])

        drained = call("drain", "--quarantine-refused")

    assert drained.code == 1
    assert "1 of 2 records accepted" in drained.out
    assert "1 refused for good, now in quarantine" in drained.out
    assert (spool.inspect(directory).records, len(spool.quarantine(directory))) == (0, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder's permissions do not forbid this there")
def test_what_cannot_be_put_in_quarantine_stays(call, leave):
    """Nothing is lost on the way."""
    with acceptor.HttpAcceptor() as receiver:
        receiver.usual = acceptor.answer_with(400)
        directory = leave(receiver.url(), ["a"])
        (directory / "quarantine").write_text("in the way")

        drained = call("drain", "--quarantine-refused")

    assert drained.code == 1
    assert "no writing to quarantine" in drained.out
    assert spool.inspect(directory).records == 1


def test_a_receiver_that_is_away_is_told_at_once(call, leave):
    """Nothing is lost, and nobody waits."""
    with acceptor.refusing_port() as port:
        directory = leave(f"http://127.0.0.1:{port}/v1/logs", ["a"])

        drained = call("drain")

    assert drained.code == 1
    assert "1 left there" in drained.out
    assert spool.inspect(directory).records == 1


def test_what_is_too_large_goes_in_halves(call, leave):
    """All of it arrives."""
    with acceptor.HttpAcceptor() as receiver:
        receiver.usual = acceptor.take_at_most(200)
        leave(receiver.url(), ["a", "b", "c", "d", "e", "f"])

        drained = call("drain")

    assert drained.code == 0, drained.out
    assert sorted(receiver.names) == ["a", "b", "c", "d", "e", "f"]


def test_what_the_receiver_would_not_keep_is_told(call, leave):
    """A partial success is no success."""
    with acceptor.HttpAcceptor() as receiver:
        receiver.usual = acceptor.reject(1, "no room")
        leave(receiver.url(), ["a", "b"])

        drained = call("drain")

    assert drained.code == 1
    assert "1 of 2 records accepted" in drained.out
    assert "1 rejected by the receiver: no room" in drained.out


def test_what_a_running_process_has_is_left_to_it(call, leave):
    """Its own sender delivers it."""
    with acceptor.HttpAcceptor() as receiver:
        queue = leave(receiver.url(), ["a"], close=False)

        drained = call("drain")
        purged = call("purge", "--all", "--yes")

        assert "1 left to running processes" in drained.out
        assert purged.code == 1
        assert "left alone" in purged.err
        assert spool.inspect(queue.directory).records == 1
        queue.close()


def test_a_journal_is_left_to_programs_of_its_service(call, environment, tmp_path):
    """What is in it has passed no sink yet; the words say who delivers it."""
    program = "import os, otel_events as ev; ev.configure(durability='journal'); ev.emit('a'); os._exit(0)"
    environ = environment(OTEL_SERVICE_NAME="orchestrator", OTEL_EVENTS_SPOOL_DIR=str(tmp_path / "spool"))
    subprocess.run([sys.executable, "-c", program], env=environ, check=True)

    (listed,) = json.loads(call("list", "--json").out)
    drained = call("drain")

    assert (listed["signal"], listed["records"] > 0) == ("journal", True)
    assert drained.code == 1
    assert "any program of this service delivers it" in drained.out


def test_a_spool_whose_destination_is_not_known_needs_one(call, leave):
    """Its file of facts may be damaged."""
    directory = leave("http://127.0.0.1:9/v1/logs", ["a"])
    (directory / "about.json").write_text('{"service": "orchestrator", "signal": "logs", "destination": "ftp://x"}')

    drained = call("drain")

    assert drained.code == 1
    assert "name an endpoint with --to" in drained.out


def test_purge_asks(call, leave):
    """Without `--yes`, and nobody there to ask, nothing is deleted."""
    directory = leave("http://127.0.0.1:9/v1/logs", ["a"])

    asked = call("purge", "--all")

    assert asked.code == 2
    assert "--yes" in asked.err
    assert spool.inspect(directory).records == 1


def test_purge_deletes_when_it_is_sure(call, leave):
    """The service that is named, and no other."""
    mine = leave("http://127.0.0.1:9/v1/logs", ["a", "b"])
    other = leave("http://127.0.0.1:9/v1/logs", ["c"], service="other")

    purged = call("purge", "orchestrator", "--yes")

    assert purged.code == 0
    assert "2 records that waited" in purged.out
    assert not mine.exists()
    assert spool.inspect(other).records == 1


def test_purge_wants_to_know_which(call):
    """Neither a name nor `--all` is a mistake, and so are both."""
    assert [call("purge", "--yes").code, call("purge", "x", "--all", "--yes").code] == [2, 2]


def test_a_spool_that_is_not_there_is_named(call, leave):
    """With those that are."""
    leave("http://127.0.0.1:9/v1/logs", ["a"])

    missing = call("inspect", "nobody")

    assert missing.code == 1
    assert "'nobody'" in missing.err
    assert "orchestrator" in missing.err


def test_quarantine_tells_why(call, leave):
    """What a destination refused, with its reason and file."""
    queue = leave("http://127.0.0.1:9/v1/logs", ["a"], close=False)
    queue.quarantine(queue.take(0), "otlp_refused", "HTTP 400: no such tenant\x1b[31m")
    queue.close()

    told = call("quarantine")
    (row,) = json.loads(call("quarantine", "--json").out)

    assert "no such tenant" in told.out
    assert "\x1b" not in told.out
    assert (row["service"], row["cause"], row["records"]) == ("orchestrator", "otlp_refused", 1)


@pytest.fixture
def refused(leave):
    """Leave two requests in quarantine; return the spool's directory."""

    def refuse(destination):
        queue = leave(destination, ["a"], ["b", "c"], close=False)
        for _ in range(2):
            queue.quarantine(queue.take(0), "otlp_refused", "HTTP 404")
        queue.close()
        return queue.directory

    return refuse


def test_what_was_refused_is_sent_again_when_asked(call, refused):
    """What is accepted leaves quarantine, with the note on it."""
    with acceptor.HttpAcceptor() as receiver:
        directory = refused(receiver.url("logs"))

        told = call("quarantine", "--resend")

        assert (told.code, sorted(receiver.await_names(3))) == (0, ["a", "b", "c"])
    assert told.out.startswith("orchestrator logs: 3 records accepted by http://127.0.0.1:")
    assert list((directory / "quarantine").iterdir()) == []
    assert call("quarantine").out == "nothing in quarantine\n"


def test_what_is_refused_again_stays_in_quarantine(call, refused):
    """The others are sent all the same."""
    with acceptor.HttpAcceptor() as receiver:
        receiver.script.append(acceptor.answer_with(400))
        refused(receiver.url("logs"))

        told = call("quarantine", "--resend")

    assert told.code == 1
    assert "1 request left in quarantine" in told.out
    assert len(json.loads(call("quarantine", "--json").out)) == 1


def test_a_receiver_that_is_away_leaves_quarantine_as_it_is(call, refused):
    """Nothing is lost, and it says why; as JSON too."""
    refused("http://127.0.0.1:9/v1/logs")

    told = call("quarantine", "--resend", "--json")

    (row,) = json.loads(told.out)
    assert (told.code, row["accepted"], row["left"], bool(row["failure"])) == (1, 0, 2, True)
    assert len(json.loads(call("quarantine", "--json").out)) == 2


def test_a_destination_without_resend_is_a_mistake(call):
    """It would look as if something had been sent."""
    told = call("quarantine", "--to", "http://127.0.0.1:9")

    assert told.code == 2
    assert "--resend" in told.err
