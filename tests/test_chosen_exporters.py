"""Exporters that the environment or the program names, and nowhere."""

import json
from pathlib import Path

import pytest

from tests.effort import rest_slow
from tests.program import ledger_events, run_program

EMIT = 'ev.emit("evidence.added", source="paper.pdf"); print(json.dumps([ev.flush(20), ev.stats().as_dict()]))'


# An installed package with exporters that write JSON lines to the file given by OUT.
THIRD_PARTY = """
import json, os
class _Exporter:
    def export(self, batch):
        with open(os.environ["OUT"], "a") as out:
            for item in batch:
                record = getattr(item, "log_record", None)
                name = item.name if record is None else record.event_name
                out.write(json.dumps([name, dict(item.resource.attributes)["service.name"]]) + "\\n")
        from opentelemetry.sdk._logs.export import LogRecordExportResult
        return LogRecordExportResult.SUCCESS
    def force_flush(self, timeout_millis=30000): return True
    def shutdown(self): pass
class Logs(_Exporter): pass
class Traces(_Exporter): pass
class Broken:
    def __init__(self): raise OSError("no such backend")
"""


@pytest.fixture
def third_party(tmp_path):
    """Install exporters `mine` and `broken` for the program; return the variables that let it find them."""
    packages = tmp_path / "packages"
    info = packages / "third-1.0.dist-info"
    info.mkdir(parents=True)
    (packages / "third.py").write_text(THIRD_PARTY, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[opentelemetry_logs_exporter]\nmine = third:Logs\nbroken = third:Broken\n"
        "[opentelemetry_traces_exporter]\nmine = third:Traces\nbroken = third:Broken\n",
        encoding="utf-8",
    )
    from tests.program import ROOT

    return {"PYTHONPATH": f"{ROOT}:{packages}", "OUT": str(tmp_path / "out.jsonl")}


def exported(third_party):
    return [json.loads(line) for line in Path(third_party["OUT"]).read_text(encoding="utf-8").splitlines()]


# -- nowhere -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "env"),
    rest_slow(
        [
            ("disabled=True", {}),
            ("", {"OTEL_SDK_DISABLED": "true", "OTEL_EVENTS_LEDGER_PATH": "given.jsonl"}),
            ("logs_exporter=['none']", {}),
            ("", {"OTEL_LOGS_EXPORTER": "none"}),
        ]
    ),
)
def test_nowhere_means_nowhere(tmp_path, keywords, env):
    """Disabled, or with the exporter `none`, nothing is written, and what was emitted counts as dropped."""
    ran = run_program(f"ev.configure({keywords})\n{EMIT}", tmp_path, **env)

    assert ran.said[1]["dropped"] == {"no_sink": 1}, ran
    assert not (tmp_path / "given.jsonl").exists()
    assert not list(tmp_path.rglob("*.jsonl"))


@pytest.mark.slow
def test_none_with_a_ledger_path_is_the_ledger(tmp_path):
    """With `OTEL_LOGS_EXPORTER=none` a ledger whose path is given is still written."""
    ledger = tmp_path / "l.jsonl"
    run_program(EMIT, tmp_path, OTEL_LOGS_EXPORTER="none", OTEL_EVENTS_LEDGER_PATH=str(ledger))

    assert len(ledger_events(ledger)) == 1


# -- other exporters ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_console_shows_events_and_spans(tmp_path):
    """`console`, which comes with the SDK, prints each record and each span."""
    program = 'with ev.task("draft"): pass\nprint(ev.flush())'
    ran = run_program(program, tmp_path, OTEL_LOGS_EXPORTER="console", OTEL_TRACES_EXPORTER="console")

    assert '"event_name": "task.started"' in ran.out, ran
    assert '"name": "draft"' in ran.out
    assert ran.default_ledger == []


@pytest.mark.slow
@pytest.mark.parametrize("how", rest_slow(["environment", "keywords"]))
def test_installed_exporters_get_events_and_spans(tmp_path, third_party, how):
    """Any exporter that is installed under its entry-point group works, for events and for spans."""
    env, keywords = {"OTEL_LOGS_EXPORTER": "mine", "OTEL_TRACES_EXPORTER": "mine"}, "service_name='s'"
    if how == "keywords":
        env, keywords = {}, "service_name='s', logs_exporter=['mine'], traces_exporter=['mine']"
    program = f"""
ev.configure({keywords})
with ev.task("draft"): ev.emit("evidence.added")
print(json.dumps([ev.flush(), ev.stats().as_dict()]))
"""
    ran = run_program(program, tmp_path, **env, **third_party)

    names = ["task.started", "evidence.added", "task.completed"]
    names = ["otel_events.writer.started", *names, "draft", "otel_events.writer.stopped"]
    assert sorted(exported(third_party)) == sorted([name, "s"] for name in names), ran
    assert ran.said[0] is True
    assert ran.said[1]["delivered"] == {"mine": 4}
    assert ran.said[1]["spans_delivered"] == {"mine": 1}


@pytest.mark.slow
def test_an_exporter_that_cannot_be_used_is_told(tmp_path, third_party):
    """An exporter that fails to start is named in a warning; the program and the other exporters go on."""
    ran = run_program(f"ev.configure()\n{EMIT}", tmp_path, OTEL_LOGS_EXPORTER="broken,mine", **third_party)

    assert "the logs exporter 'broken' cannot be used: OSError('no such backend')" in ran.err
    assert "evidence.added" in [name for name, _ in exported(third_party)]


@pytest.mark.slow
def test_an_exporter_that_is_not_installed_is_told_and_replaced(tmp_path):
    """An unknown name is refused with the value used instead; events are where they would be without it."""
    ran = run_program(f"ev.configure()\n{EMIT}", tmp_path, OTEL_LOGS_EXPORTER="nonsense")

    assert "OTEL_LOGS_EXPORTER" in ran.err
    assert "nonsense" in ran.err
    assert len(ran.default_ledger) == 1
