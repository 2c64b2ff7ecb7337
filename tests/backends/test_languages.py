"""Python begins a shell script, that begins Node, and that begins Python: one trace, one tree of tasks."""

from __future__ import annotations

import secrets
import subprocess
import sys
from itertools import pairwise

import pytest

from tests.languages.speaking import JAVASCRIPT, SHELL_FILE, require
from tests.program import ROOT, environment
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends

FIRST = """
import os, subprocess, sys
import otel_events as ev

ev.configure(service_name=sys.argv[1] + "-first")
with ev.session("night-7"), ev.cycle(42, day=1551), ev.context(persona="thesis é,1"):
    with ev.task("orchestrate", task_id=sys.argv[2]):
        child = ev.inject(dict(os.environ), environment=True)
        child["OTEL_SERVICE_NAME"] = sys.argv[1] + "-shell"
        subprocess.run(sys.argv[3:], env=child, check=True, timeout=60)
assert ev.flush(20)
"""
SHELL = """
set -eu
. "$1"
task_begin collect pages:=3
event evidence.added source=paper.pdf
OTEL_SERVICE_NAME=$2-node node "$3" "$2" "$4" "$5"
task_end
otel_events_flush 20
"""
NODE = """
import {{ spawnSync }} from "node:child_process";
const {{ event, flush, inject, task }} = await import("{module}");
const [service, python, script] = process.argv.slice(2);
task("read", {{ persona: "reader" }}, () => {{
  event("citation.added", {{ page: 3 }});
  const env = inject({{ ...process.env, OTEL_SERVICE_NAME: `${{service}}-last` }}, {{ environment: true }});
  const done = spawnSync(python, [script], {{ env, stdio: "inherit" }});
  if (done.status !== 0) throw new Error(`ended with ${{done.status}}`);
}});
if (!(await flush(20000))) throw new Error("not taken");
"""
LAST = """
import otel_events as ev

with ev.task("check"):
    ev.emit("quality.check", quality=0.9)
assert ev.flush(20)
"""
NAMES = ("orchestrate", "collect", "read", "check")


@pytest.fixture(scope="module")
def told(collector, tmp_path_factory):
    """What one run of the four programs left: (service, task id)."""
    for command in ("dash", "node"):
        require(command)
    folder = tmp_path_factory.mktemp("languages")
    service, task_id = f"lang-{secrets.token_hex(4)}", f"t-{secrets.token_hex(4)}"
    texts = {
        "first.py": FIRST,
        "second.sh": SHELL,
        "third.mjs": NODE.format(module=JAVASCRIPT.as_uri()),
        "last.py": LAST,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    shell = [
        "dash",
        folder / "second.sh",
        SHELL_FILE,
        service,
        folder / "third.mjs",
        sys.executable,
        folder / "last.py",
    ]
    done = subprocess.run(
        [sys.executable, folder / "first.py", service, task_id, *shell],
        env=environment(folder, OTEL_EXPORTER_OTLP_ENDPOINT=collector.http_endpoint),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return service, task_id


def test_jaeger_shows_one_trace_with_a_span_for_each_task(told, jaeger):
    """The four tasks are one trace, each the parent of the next, with their own events on them."""
    service, task_id = told

    spans = spans_of(jaeger, service)

    assert len({span["trace_id"] for span in spans.values()}) == 1
    for parent, child in pairwise(NAMES):
        assert spans[child]["parent_span_id"] == spans[parent]["span_id"]
        assert spans[child]["attributes"]["parent_task_id"] == spans[parent]["attributes"]["task_id"]
    assert spans["orchestrate"]["attributes"]["task_id"] == task_id
    assert [[event["name"] for event in spans[name]["events"]] for name in NAMES[1:]] == [
        ["task.started", "evidence.added", "task.completed"],
        ["task.started", "citation.added", "task.completed"],
        ["task.started", "quality.check", "task.completed"],
    ]


def test_the_document_shows_what_jaeger_has(told, jaeger):
    """Span by span: from whom, and with which events."""
    service, _ = told
    spans = spans_of(jaeger, service)
    languages = {"first": "python", "last": "python"}

    lines = []
    for depth, name in enumerate(NAMES):
        said = spans[name]["resource"]["service.name"].removeprefix(f"{service}-")
        events = ", ".join(event["name"] for event in spans[name]["events"])
        lines.append(f"{'  ' * depth + name:<22}{languages.get(said, said):<8}{events}")

    text = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
    shown = text.partition("<!-- output of tests/backends/test_languages.py -->\n```text\n")[2].partition("```")[0]
    assert shown.splitlines() == lines


def spans_of(jaeger, service):
    """Return the four spans by their names, once they are there."""

    def find():
        spans = {span["name"]: span for span in jaeger.spans(f"{service}-first") if span["name"] in NAMES}
        return spans if len(spans) == len(NAMES) else None

    return wait_for(find, "the four spans in Jaeger")


def test_what_the_first_has_bound_is_on_the_events_of_all(told, collector):
    """Session, cycle, day and persona cross by BAGGAGE with their types, as far as nobody on the way binds another."""
    service, _ = told
    own = ("evidence.added", "citation.added", "quality.check")

    def find():
        rows = [row for row in collector.events() if row["resource"].get("service.name", "").startswith(f"{service}-")]
        found = {row["name"]: row for row in rows if row["name"] in own}
        return found if len(found) == len(own) else None

    rows = wait_for(find, "the events in the Collector's file")

    for name, persona in zip(own, ("thesis é,1", "reader", "reader"), strict=True):
        attributes = rows[name]["attributes"]
        bound = {key: attributes[key] for key in ("session_id", "session.id", "cycle", "day", "persona")}
        assert bound == {"session_id": "night-7", "session.id": "night-7", "cycle": 42, "day": 1551, "persona": persona}
    assert len({row["trace_id"] for row in rows.values()}) == 1
