"""An event looks the same to the server, the ledger and its readers, whoever has said it."""

from __future__ import annotations

import json
import subprocess

import pytest

from otel_events.redaction.keys import SensitiveKeys
from otel_events.redaction.sensitive_words import ABOUT_WORDS, SECRET_PAIRS, SECRET_WORDS, TOKEN_INNOCENT_BEFORE
from tests.languages.speaking import LANGUAGES, SHELL_FILE, events_of, run, run_node, run_shell
from tests.server.served import run_program

pytestmark = pytest.mark.slow

PYTHON = """
import otel_events as ev
ev.bind(persona="thesis", cycle=42)
with ev.task("draft", task_id="t-1", session_id="s-1", goal="a summary", api_key="k-1"):
    ev.emit("evidence_added", source="paper.pdf", quality=0.82, page=3, final=False, words=["tide", "n\\u00e9edle"])
    ev.emit("alert.triggered", "Port silent", severity="critical", port=18091, password="hunter2", input_tokens=5)
    ev.emit("own.name", message="hello", at={"line": 7, "token": "x"}, secret_id="abc", author="me", empty_token="")
try:
    with ev.task("check") as task:
        task.set(exit_code=3)
        task.fail("exit code 3", error_type="exit_3")
finally:
    ev.emit("persona.switched", severity=10)
"""
SHELL = """
event_bind persona=thesis cycle=42
task_begin draft task_id=t-1 session_id=s-1 goal="a summary" api_key=k-1
event evidence_added source=paper.pdf quality:=0.82 page:=3 final:=false words:='["tide", "n\\u00e9edle"]'
event alert.triggered -m "Port silent" -s critical port:=18091 password=hunter2 input_tokens:=5
event own.name message=hello at:='{"line": 7, "token": "x"}' secret_id=abc author=me empty_token=
task_end
task check -- sh -c 'exit 3' || :
event persona.switched -s 10
otel_events_flush 10
"""
JAVASCRIPT = """
bind({ persona: "thesis", cycle: 42 });
task("draft", { task_id: "t-1", session_id: "s-1", goal: "a summary", api_key: "k-1" }, () => {
  event("evidence_added", { source: "paper.pdf", quality: 0.82, page: 3, final: false, words: ["tide", "n\\u00e9edle"] });
  event("alert.triggered", "Port silent", { severity: "critical", attributes: { port: 18091, password: "hunter2", input_tokens: 5 } });
  event("own.name", { message: "hello", at: { line: 7, token: "x" }, secret_id: "abc", author: "me", empty_token: "" });
});
task("check", (t) => { t.set({ exit_code: 3 }); t.fail("exit code 3", { errorType: "exit_3" }); });
event("persona.switched", {}, { severity: 10 });
if (!(await flush(10000))) throw new Error("not taken");
"""
TOLD = 8


@pytest.fixture(scope="module")
def by_python(server):
    run_program(server, PYTHON, OTEL_SERVICE_NAME="by-python")
    return events_of(server, "by-python", count=TOLD)


def test_the_shell_says_what_python_says(by_python, server, tmp_path):
    """Names, severities, messages, attributes with their types, correlation, scope and what is redacted are alike."""
    done = run_shell("dash", SHELL, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="by-shell")

    assert (done.returncode, done.stderr) == (0, "")
    assert alike(events_of(server, "by-shell", count=TOLD)) == alike(by_python)


def test_javascript_says_what_python_says(by_python, server, tmp_path):
    """Names, severities, messages, attributes with their types, correlation, scope and what is redacted are alike."""
    done = run_node(JAVASCRIPT, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="by-node")

    assert (done.returncode, done.stderr) == (0, "")
    assert alike(events_of(server, "by-node", count=TOLD)) == alike(by_python)


def alike(events):
    """Return what has to be the same: all but times, ids that are made, durations, and whose they are."""
    ids: dict[str, str] = {}
    return [
        {
            **{
                key: event.get(key)
                for key in ("event", "severity", "message", "persona", "session_id", "cycle", "scope")
            },
            "task": _nth(ids, event.get("task_id")),
            "parent": _nth(ids, event.get("parent_task_id")),
            "trace": _nth(ids, event.get("trace_id")),
            "span": _nth(ids, event.get("span_id")),
            "has_uid": bool(event["uid"]),
            "attributes": {
                key: (type(value).__name__, value) for key, value in event["attributes"].items() if key != "duration"
            },
            "lasted": type(event["attributes"].get("duration")).__name__,
        }
        for event in events
    ]


def _nth(ids, value):
    return None if value is None else ids.setdefault(value, f"#{len(ids)}")


def test_spans_are_alike(by_python, server, tmp_path):
    """The spans of the three programs have the same names, attributes, span events and outcomes."""
    run_shell("dash", SHELL, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="spans-shell")
    run_node(JAVASCRIPT, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="spans-node")

    expected = _spans(server, "by-python")
    assert len(expected) == 2
    assert _spans(server, "spans-shell") == expected
    assert _spans(server, "spans-node") == expected


def _spans(server, service):
    """Return a service's spans out of the server's own file of them."""
    found = {}
    for line in server.ledger.with_name("spans.events.jsonl").read_text(encoding="utf-8").splitlines():
        for group in json.loads(line).get("resourceSpans", ()):
            resource = _plain(group["resource"]["attributes"])
            if resource["service.name"] != service:
                continue
            for span in (span for scoped in group["scopeSpans"] for span in scoped["spans"]):
                attributes = {
                    key: value for key, value in _plain(span.get("attributes", ())).items() if key != "task_id"
                }
                events = [event["name"] for event in span.get("events", ())]
                found[span["name"]] = (attributes, events, span.get("status", {}), span.get("kind"))
    return found


def _plain(attributes):
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


def keys_to_judge():
    """Return keys in all spellings, with secrets and innocents among them."""
    keys = {
        "author",
        "primary_key",
        "max_tokens",
        "token_count",
        "next_page_token",
        "X-Api-Key",
        "apiKey",
        "APIKey2",
        "client_secret_id",
    }
    keys |= {f"db_{word}" for word in SECRET_WORDS if word.isascii()} | {
        f"{word}Value" for word in SECRET_WORDS if word.isascii()
    }
    keys |= {"_".join(pair) for pair in SECRET_PAIRS} | {f"{first}{last.title()}" for first, last in SECRET_PAIRS}
    keys |= {f"{word}_token" for word in TOKEN_INNOCENT_BEFORE} | {f"password_{word}" for word in ABOUT_WORDS}
    keys |= {f"{word}_{word}" for word in ABOUT_WORDS} | {
        "refreshtoken",
        "dbpassword",
        "mysecret",
        "secret_12345",
        "a" * 300,
        "x_" * 13,
    }
    return sorted(keys)


def test_keys_that_name_secrets_are_those_of_python(tmp_path):
    """Over a thousand keys the shell and JavaScript come to the verdict of the Python redaction."""
    judge = SensitiveKeys().judge
    keys = keys_to_judge()
    expected = {key: judge(key).kind if judge(key).degree == "secret" else "" for key in keys}
    assert len([kind for kind in expected.values() if kind]) > 200

    program = f'import {{ secretKind }} from "{(LANGUAGES / "javascript" / "values.js").as_uri()}";'
    program += (
        f"console.log(JSON.stringify(Object.fromEntries({json.dumps(keys)}.map((key) => [key, secretKind(key)]))));"
    )
    by_node = run(["node", "--input-type=module", "-e", program], tmp_path)
    assert json.loads(by_node.stdout) == expected
    assert by_shell(keys, tmp_path) == expected


@pytest.mark.parametrize(
    "awk", [["mawk"], ["gawk"], ["gawk", "--posix"], ["busybox", "awk"], ["original-awk"]], ids=" ".join
)
def test_every_awk_comes_to_the_same_verdict(awk, tmp_path):
    """mawk, gawk, BusyBox's and the original, where they are installed, agree."""
    keys = keys_to_judge()
    judge = SensitiveKeys().judge

    try:
        subprocess.run([*awk, "BEGIN { exit }"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"no {awk[0]} on this machine")
    assert by_shell(keys, tmp_path, awk) == {
        key: judge(key).kind if judge(key).degree == "secret" else "" for key in keys
    }


def by_shell(keys, tmp_path, awk=("awk",)):
    """Return the verdicts of the shell's sender: it is asked by events whose attributes have those keys."""
    done = run_shell("dash", 'printf "%s" "$_oe_awk"', tmp_path)
    assert SHELL_FILE.exists()
    assert done.stderr == ""
    program = done.stdout.replace("END {", "function unused() {", 1)
    lines = "\n".join(f'print "{key}", secret_kind("{key}")' for key in keys)
    asked = subprocess.run(
        [*awk, f"{program}\nEND {{\n{lines}\n}}"], input="", capture_output=True, text=True, check=True
    )
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in asked.stdout.splitlines()}
