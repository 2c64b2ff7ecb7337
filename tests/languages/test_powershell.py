"""The PowerShell module as far as it can be tried without PowerShell: its grammar, rules for 5.1, and the JSON of its templates."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest

from otel_events.compat.activity_program import make_parser
from tests.languages import powershell_dotnet as dotnet
from tests.languages import powershell_rules as rules
from tests.languages.speaking import LANGUAGES
from tests.program import run_program

FOLDER = LANGUAGES / "powershell"
MODULE = FOLDER / "OtelEvents"
FILES = sorted(FOLDER.rglob("*.ps*1"))
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in FILES}
FUNCTIONS = {
    name: set(rules.parameters(node))
    for source in SOURCES.values()
    for name, node in rules.functions(rules.parse(source)).items()
}
rules.OTHERS |= {name.lower() for source in SOURCES.values() for name in re.findall(r"\$script:(\w+)\s*=", source)}
PUBLIC = [
    "Send-OtelEvent",
    "Start-OtelTask",
    "Stop-OtelTask",
    "Set-OtelContext",
    "Send-OtelSpool",
    "Add-OtelLedgerLine",
]


@pytest.mark.parametrize("name", SOURCES)
def test_every_file_keeps_the_rules(name):
    """It parses, is of 5.1, calls what exists with parameters that exist, and uses what is set."""
    assert [*rules.problems(SOURCES[name], FUNCTIONS), *dotnet.problems(SOURCES[name])] == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("$b = 1; $a = $b ?? 1", "parse"),
        ("$a = 1; $c = $a ? 1 : 2", "parse"),
        ("$a = 1; $c = ${a}?.Length", "parse"),
        ("Write-Verbose -Message 'a' && Write-Verbose -Message 'b'", "5.1"),
        ("function Get-It { [CmdletBinding()] param() $isWindows = 1 }", "automatic"),
        ("function Do-It { [CmdletBinding()] param() }", "verb"),
        ("function Get-Things { [CmdletBinding()] param() }", "plural"),
        ("function Get-It { 5 }", "CmdletBinding"),
        ("function Get-It { [CmdletBinding()] param([int] $A) $B + $A }", "set nowhere"),
        ("iex 'a'", "no function of ours"),
        ("Invoke-Expression -Command 'a'", "no function of ours"),
        ("Write-Verbose -Mesage 'a'", "no parameter"),
        ("function Get-It { [CmdletBinding()] param() }; Get-It -Name 'a'", "no parameter"),
        ("try { Write-Verbose -Message 'a' } catch { }", "empty catch"),
        ("Write-Verbose -Message 'é'", "ASCII"),
        ("if ($true) {", "parse"),
        ("1..3 | ForEach-Object -Parallel { 1 }", "no cmdlet"),
        ("ConvertTo-Json -InputObject 1", "no cmdlet"),
        ("\ufeffWrite-Verbose -Message 'a'", "ASCII"),
        ("$a = 1; $a ??= 2", "parse"),
        ("if ($IsWindows) { Write-Verbose -Message 'a' }", "7 alone"),
        ("class A { [int] $B }", "types of one's own"),
        ("enum A { B }", "types of one's own"),
        ("[System.Text.Json.JsonSerializer]::Serialize(1)", "no type"),
        ("$a = [ordered] @{}", "no type"),
        ("New-Object -TypeName System.Collections.ArrayList", "no type"),
        ("$a = [Math]::Clamp(1, 2, 3)", "no member"),
        ("$a = @{}; foreach ($key in $a.Keys) { Write-Verbose -Message $key }", "PSBase"),
        ("$a = 'b'; $a.Replace('b', 'c')", "goes to the caller"),
        ("function Get-It { [CmdletBinding()] param([object] $A); return $A }", "as its elements"),
        ('$a = 1; Write-Verbose -Message "$a: b"', "name of a drive"),
    ],
)
def test_the_rules_find_what_they_are_for(source, problem):
    """Each mistake that they are for is found."""
    assert any(problem in each for each in [*rules.problems(source), *dotnet.problems(source)])


def test_the_script_has_the_parameters_of_the_agent_pipeline():
    """emit_event.ps1 takes what callers give: EventType, Payload, TaskId, PersonaId, SessionId; only the first is needed."""
    root = rules.parse(SOURCES["emit_event.ps1"])

    assert rules.parameters(root) == ["EventType", "Payload", "TaskId", "PersonaId", "SessionId"]
    assert SOURCES["emit_event.ps1"].count("Mandatory = $true") == 1


def test_the_launcher_hands_over_what_the_program_takes():
    """start_activity.ps1 calls the Python launcher with options that this has, each for one of its parameters."""
    source = SOURCES["start_activity.ps1"]
    code = source.partition("#>")[2]

    options = set(re.findall(r"'(--[a-z-]+)'", code))
    known = {option for action in make_parser("")._actions for option in action.option_strings}
    assert options == known - {"-h", "--help"}
    assert rules.parameters(rules.parse(source)) == [
        *("Path", "Extensions", "NatsUrl", "HeartbeatSeconds", "Initial", "NoContent", "Rules", "Polling", "Python")
    ]
    assert "'otel_events.compat.activity_launcher'" in code
    assert importlib.util.find_spec("otel_events.compat.activity_launcher") is not None


def test_the_manifest_names_what_there_is():
    """It exports the public functions, as the module does, and lists every file."""
    manifest = SOURCES["OtelEvents.psd1"]
    exported = re.search(r"FunctionsToExport\s*=\s*@\((.*?)\)", manifest)[1]
    listed = re.search(r"FileList\s*=\s*@\((.*?)\)", manifest)[1]

    assert re.findall(r"'([^']+)'", exported) == PUBLIC
    assert (
        re.findall(r"'([^']+)'", re.search(r"Export-ModuleMember -Function (.*)", SOURCES["OtelEvents.psm1"])[1])
        == PUBLIC
    )
    assert sorted(re.findall(r"'([^']+)'", listed)) == sorted(path.name for path in MODULE.iterdir())
    assert set(PUBLIC) <= set(FUNCTIONS)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_have_help(name):
    """Synopsis, an example, and a word on every parameter; and every word is on a parameter."""
    node = next(found[name] for found in map(rules.functions, map(rules.parse, SOURCES.values())) if name in found)
    comment = rules.text(rules.first(node, "comment"))

    assert ".SYNOPSIS" in comment
    assert ".EXAMPLE" in comment
    assert sorted(re.findall(r"\.PARAMETER (\w+)", comment)) == sorted(rules.parameters(node))


def templates(name):
    """Return .NET's format strings of a table; Python's `format` reads those that are used here the same way."""
    table = (
        next(source for source in SOURCES.values() if f"$script:{name} = @{{" in source)
        .split(f"$script:{name} = @{{")[1]
        .split("\n}\n")[0]
    )
    return dict(re.findall(r"^\s*(\w+)\s*=\s*'(.*)'$", table, flags=re.MULTILINE))


def test_the_templates_make_json_of_otlp():
    """A record and a span, filled in as the module fills them in, are what the other senders send."""
    value, record = templates("ValueTemplates"), templates("RecordTemplates")
    text = value["Text"].format("a")
    every = [
        *(text, value["Integer"].format(42), value["Number"].format("0.5"), value["NoNumber"].format("NaN")),
        *(value["Boolean"].format("true"), value["Bytes"].format("AQI="), value["List"].format(f"{text},{{}}")),
        value["Map"].format(value["Attribute"].format("k", text)),
    ]
    attributes = ",".join(value["Attribute"].format(f"k{number}", each) for number, each in enumerate(every))
    trace = record["Trace"].format("ab" * 16, "cd" * 8, 1)
    log = record["Log"].format(10**18, 9, "INFO", record["Body"].format(text), "a.b", attributes, trace)
    note = record["Note"].format(10**18, "a.b", attributes)
    status = record["Status"].format("why")
    parent = record["Parent"].format("ef" * 8)
    span = record["Span"].format("ab" * 16, "cd" * 8, parent, "draft", 1, 2, 1, attributes, f"{note},{note}", status)

    logs, traces = json.loads(record["logs"].format(attributes, log)), json.loads(record["traces"].format("", span))

    assert logs["scopeLogs"][0]["scope"] == {"name": "otel_events"}
    (told,) = logs["scopeLogs"][0]["logRecords"]
    assert {
        key: told[key] for key in ("eventName", "severityNumber", "severityText", "body", "traceId", "spanId", "flags")
    } == {
        "eventName": "a.b",
        "severityNumber": 9,
        "severityText": "INFO",
        "body": {"stringValue": "a"},
        "traceId": "ab" * 16,
        "spanId": "cd" * 8,
        "flags": 1,
    }
    assert [next(iter(each["value"].items())) for each in told["attributes"]] == [
        ("stringValue", "a"),
        ("intValue", "42"),
        ("doubleValue", 0.5),
        ("doubleValue", "NaN"),
        ("boolValue", True),
        ("bytesValue", "AQI="),
        ("arrayValue", {"values": [{"stringValue": "a"}, {}]}),
        ("kvlistValue", {"values": [{"key": "k", "value": {"stringValue": "a"}}]}),
    ]
    (told,) = traces["scopeSpans"][0]["spans"]
    assert (told["parentSpanId"], told["status"], len(told["events"])) == ("ef" * 8, {"code": 2, "message": "why"}, 2)
    bare = record["Log"].format(1, 9, "INFO", "", "a.b", "", "")
    assert json.loads(bare) == {
        "timeUnixNano": "1",
        "observedTimeUnixNano": "1",
        "severityNumber": 9,
        "severityText": "INFO",
        "eventName": "a.b",
        "attributes": [],
    }


LINE = """
import sys
from otel_events.compat.ledger_emitter import emit_event
payload = {"status": "HEALTHY \\"quoted\\" \\\\", "confidence": 0.786, "n": -5, "ok": True, "none": None, "not": float("nan")}
payload |= {"list": [1, [], {"a": "b"}], "map": {}, "data": b"ab", "api_token": "abc123def456", "timestamp": "own"}
emit_event("health_check", payload, task_id="t-1", persona_id="gitko", session_id="s-1")
"""


def put_in_words(value, words):
    """Return *value* as ConvertTo-OtelValue puts it together of templates."""
    match value:
        case None:
            return words["Nothing"]
        case bool():
            return words["Boolean"].format(str(value).lower())
        case {"doubleValue": name}:
            return words["NoNumber"].format(name)
        case {"bytesValue": text}:
            return words["Bytes"].format(text)
        case int() | float():
            return words["Integer" if isinstance(value, int) else "Number"].format(value)
        case str():
            return words["Text"].format(value.replace("\\", "\\\\").replace('"', '\\"'))
        case list():
            return words["List"].format(words["Between"].join(put_in_words(each, words) for each in value))
    pairs = [words["Attribute"].format(key, put_in_words(each, words)) for key, each in value.items()]
    return words["Map"].format(words["Between"].join(pairs))


def test_the_templates_of_a_line_are_those_of_the_drop_in(tmp_path):
    """What emit_event.ps1 appends to the ledger has the very form of what Python appends there."""
    ran = run_program(LINE, tmp_path, AGI_LEDGER_PATH=str(tmp_path / "ledger.jsonl"))
    (line,) = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()

    assert ran.code == 0, ran.err
    assert put_in_words(json.loads(line), templates("LineTemplates")) == line
    assert set(templates("LineTemplates")) == set(templates("ValueTemplates"))


def test_a_line_has_the_keys_of_the_drop_in():
    """The event and its ids first, then the payload, then the times; what has the name of one of those stands aside."""
    source = rules.text(rules.functions(rules.parse(SOURCES["Ledger.ps1"]))["New-OtelLedgerRecord"])

    assert re.findall(r"\$record\['(\w+)'\] =", source) == ["event", "timestamp", "ts", "attributes"]
    assert re.findall(r"@\('(\w+)', '(\w+)'\)", source) == [
        *(("task_id", "task_id"), ("persona_id", "persona"), ("session_id", "session_id"))
    ]
    assert "@('event', 'timestamp', 'ts') -ccontains" in source
    assert "fdo_agi_repo/memory/resonance_ledger.jsonl" in SOURCES["Ledger.ps1"]
    assert "Add-OtelLedgerLine -EventType $EventType" in SOURCES["emit_event.ps1"]


@pytest.mark.slow
def test_a_real_server_takes_the_templates(server):
    """What the templates make, with the content type that .NET writes, is taken as an event."""
    value, record = templates("ValueTemplates"), templates("RecordTemplates")
    service = value["Attribute"].format("service.name", value["Text"].format("by-powershell"))
    attributes = ",".join(
        [
            value["Attribute"].format("n", value["Integer"].format(5)),
            value["Attribute"].format("cycle", value["Integer"].format(42)),
        ]
    )
    log = record["Log"].format(
        10**18, 13, "WARN", record["Body"].format(value["Text"].format("caf\\u00e9")), "a.b", attributes, ""
    )
    body = '{"resourceLogs":[' + record["logs"].format(service, log) + "]}"

    answer = server.client.post(
        f"{server.otlp}/v1/logs", content=body, headers={"Content-Type": "application/json; charset=utf-8"}
    )

    assert answer.status_code == 200
    from tests.languages.speaking import events_of

    (event,) = events_of(server, "by-powershell", count=1)
    assert (event["event"], event["severity"], event["message"], event["cycle"], event["attributes"]) == (
        "a.b",
        "WARN",
        "café",
        42,
        {"n": 5},
    )
