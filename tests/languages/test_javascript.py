"""The JavaScript module in Node: values, scopes, what becomes of events when the endpoint is away."""

from __future__ import annotations

import json

import pytest

from tests.languages.endpoint import Endpoint
from tests.languages.speaking import LANGUAGES, events_of, run, run_node
from tests.server.node_packages import require_packages

pytestmark = pytest.mark.slow


def test_every_value_arrives_as_what_it_is(server, tmp_path):
    """Numbers, texts, dates, bytes, lists, maps and errors have OTLP's types; what throws or goes round in circles harms nobody."""
    script = r"""
const circle = { name: "c" }; circle.self = circle;
event("value.seen", {
  int: 42, big: 9007199254740993n, bigger: 2n ** 64n, double: 0.5, nan: NaN, flag: true, text: "é€😀\ud800\n\u0000", nothing: null, undef: undefined,
  date: new Date(0), list: [1, "a", null, undefined], set: new Set([1]), map: new Map([["k", 1]]), object: { a: { b: [] } },
  error: new RangeError("no"), func: function named() {}, symbol: Symbol("s"), url: new URL("http://a.b/c"), circle,
  bad: { get x() { throw new Error("no"); } }, proxy: new Proxy({}, { ownKeys() { throw new Error("no"); } }), floats: new Float64Array([1.5]),
});
event(); event(null); event(Symbol("x")); event({}); event("a.b", 5); event("a.c", {}, null);
console.log(JSON.stringify(stats()));
"""
    done = run_node(script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="js-values")

    assert (done.returncode, done.stderr) == (0, "")
    seen = next(event for event in events_of(server, "js-values", count=1) if event["event"] == "value.seen")
    assert seen["attributes"] == {
        "int": 42,
        "big": 9007199254740993,
        "bigger": "18446744073709551616",
        "double": 0.5,
        "nan": {"doubleValue": "NaN"},
        "flag": True,
        "text": "é€😀\ufffd\n\0",
        "date": "1970-01-01T00:00:00.000Z",
        "list": [1, "a", None, None],
        "set": [1],
        "map": {"k": 1},
        "object": {"a": {"b": []}},
        "error": {"type": "RangeError", "message": "no"},
        "func": "named",
        "symbol": "Symbol(s)",
        "url": "http://a.b/c",
        "circle": {"name": "c", "self": "…"},
        "bad": "<unreadable>",
        "proxy": "<unreadable>",
        "floats": [1.5],
    }


def test_a_redirect_is_no_answer(tmp_path):
    """Followed, the request would become one for a page, whose answer would pass for events that were taken."""
    with Endpoint(302) as endpoint:
        done = run_node(
            'event("a.b"); console.log(await flush(20000), stats().retries, await flush(20000), stats().delivered);',
            tmp_path,
            OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{endpoint.url}/v1/logs",
        )

    assert (done.returncode, done.stdout, done.stderr) == (0, "false 1 true 1\n", "")
    assert endpoint.names() == [["a.b"], ["a.b"]]


def test_scopes_follow_await(server, tmp_path):
    """Tasks that run at once have their own events, before and after they wait; what they return and throw comes through."""
    script = """
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const one = (id, ms) => task("work", { task_id: id }, async (t) => {
  await pause(ms);
  event("step.done", { of: id });
  await context({ persona: `p-${id}` }, async () => { await pause(ms); event("step.said", { of: id }); });
  if (id === "b") throw new TypeError("broken");
  return id;
});
const [a, b] = await Promise.allSettled([one("a", 20), one("b", 10)]);
if (a.value !== "a" || b.reason.message !== "broken") throw new Error("wrong");
await task("cancelled", async () => { throw new DOMException("stop", "AbortError"); }).catch(() => {});
const open = task("by.hand", { x: 1 }); open.event("step.inside"); open.end();
event("step.outside");
"""
    done = run_node(script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME="js-scopes")

    assert (done.returncode, done.stderr) == (0, "")
    events = events_of(server, "js-scopes", count=14)
    for event in events:
        if event["event"].startswith("step.") and "of" in event["attributes"]:
            assert event["task_id"] == event["attributes"]["of"]
    assert {event["persona"] for event in events if event["event"] == "step.said"} == {"p-a", "p-b"}
    failed = next(event for event in events if event["event"] == "task.failed")
    assert (failed["task_id"], failed["attributes"]["exception.type"], failed["attributes"]["exception.message"]) == (
        "b",
        "TypeError",
        "broken",
    )
    assert sum(event["event"] == "task.cancelled" for event in events) == 1
    outside = next(event for event in events if event["event"] == "step.outside")
    assert (outside.get("task_id"), outside.get("trace_id")) == (None, None)


def test_a_program_s_end_sends_what_waits(tmp_path):
    """Without a word about it a program that ends has sent its events; with nobody there it ends all the same."""
    with Endpoint() as endpoint:
        done = run_node("event('a.b');", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)
    gone = run_node("event('a.b');", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)

    assert (done.returncode, done.stderr, endpoint.names()) == (0, "", [["a.b"]])
    assert (gone.returncode, gone.stderr) == (0, "")


def test_what_is_answered_later_or_refused(tmp_path):
    """503 and 429 are asked again; of a request that is refused the part that is not understood is left out and counted."""
    script = """
for (const name of ["a.b", "a.c", "a.d"]) event(name);
const first = await flush(30000);
const second = await flush(30000);
console.log(JSON.stringify([first, second, stats()]));
"""
    with Endpoint(503, 400, 200, 400) as endpoint:
        done = run_node(script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url)

    first, second, stats = json.loads(done.stdout)
    assert (first, second) == (False, True)
    assert endpoint.names() == [["a.b", "a.c", "a.d"], ["a.b", "a.c", "a.d"], ["a.b", "a.c"], ["a.d"]]
    assert stats == {"emitted": 3, "delivered": 2, "retries": 1, "problems": 0, "dropped": {"refused": 1}}


def test_the_queue_is_bounded_and_says_what_it_lost(tmp_path):
    """Beyond its bytes the queue takes no more, and counts it; nothing is thrown."""
    script = """
configure({ endpoint: "http://127.0.0.1:9", maxQueueBytes: 10000 });
for (let i = 0; i < 1000; i++) event("a.b", { i });
const { emitted, dropped } = stats();
console.log(emitted, dropped.queue_full > 900 && dropped.queue_full < 1000, await flush(100));
"""
    done = run_node(script, tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "1000 true false\n", "")


def test_settings_come_from_the_environment(tmp_path):
    """Endpoints, headers, service and resource are those of OTEL_*; disabled means silent."""
    script = "event('a.b'); task('t', () => {}); await flush(30000);"
    with Endpoint() as endpoint:
        run_node(
            script,
            tmp_path,
            OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{endpoint.url}/own/logs",
            OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url,
            OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20secret",
            OTEL_RESOURCE_ATTRIBUTES="team=caf%C3%A9,service.name=other,api_token=t",
            OTEL_SERVICE_NAME="mine",
        )
        seen = len(endpoint.requests)
        run_node(script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint.url, OTEL_SDK_DISABLED="true")

    assert len(endpoint.requests) == seen
    assert {path for path, _, _ in endpoint.requests} == {"/own/logs", "/v1/traces"}
    _, headers, body = endpoint.requests[0]
    (group,) = body.get("resourceLogs") or body["resourceSpans"]
    resource = {each["key"]: each["value"]["stringValue"] for each in group["resource"]["attributes"]}
    assert headers["authorization"] == "Bearer secret"
    assert (resource["service.name"], resource["team"], resource["api_token"]) == ("mine", "café", "<REDACTED:token>")


def test_headers_carry_trace_and_task(tmp_path):
    """`inject` and `extract` take plain headers and the `Headers` of fetch, and ignore what is malformed."""
    script = """
const headers = new Headers();
const t = task("a", { task_id: "t ä,1" }, (t) => { inject(headers); return t; });
const back = extract(headers, () => inject({}));
const odd = extract({ Traceparent: "00-zz", baggage: "cycle=x,%zz,task_id=%ff,persona=p;q=1,other=1" }, () => inject({}));
console.log(JSON.stringify([headers.get("baggage"), back.baggage, back.traceparent === headers.get("traceparent"), odd]));
"""
    done = run_node(script, tmp_path, OTEL_SDK_DISABLED="true")

    assert json.loads(done.stdout) == [
        "task_id=t%20%C3%A4%2C1",
        "task_id=t%20%C3%A4%2C1",
        True,
        {"baggage": "other=1,persona=p"},
    ]


def test_the_types_are_those_of_the_module(tmp_path):
    """TypeScript takes a program that uses all of it, and finds the mistakes in one that uses it wrongly."""
    web = LANGUAGES.parent / "web"
    require_packages(web)
    good = """
import { bind, configure, context, event, extract, flush, inject, stats, task } from "./otel-events.js";
configure({ serviceName: "x", endpoint: "http://127.0.0.1:4318", headers: { a: "b" } });
bind({ persona: "p" });
event("a.b"); event("a.b", "text", { severity: "warn" }); event("a.b", { x: 1 });
const n: number = task("t", { task_id: "t-1" }, (t) => { t.set({ q: 1 }); return 5; });
const p: Promise<string> = task("t", async () => "x");
const open = task("t"); open.end(); const id: string = open.taskId;
const r: number = context({ day: 1 }, () => 1) + extract(inject({}), () => 1);
const ok: boolean = await flush(100); const d: number = stats().delivered;
export { n, p, id, r, ok, d };
"""
    (tmp_path / "otel-events.d.ts").write_text((LANGUAGES / "javascript" / "otel-events.d.ts").read_text())
    (tmp_path / "good.ts").write_text(good)
    (tmp_path / "bad.ts").write_text(
        'import { event, task } from "./otel-events.js";\nevent(5);\ntask("t").sett({});\nexport {};\n'
    )
    tsc = str(web / "node_modules" / "typescript" / "bin" / "tsc")
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]

    fine = run(["node", tsc, *options, "good.ts"], tmp_path)
    wrong = run(["node", tsc, *options, "bad.ts"], tmp_path)

    assert (fine.returncode, fine.stdout) == (0, "")
    assert wrong.stdout.count("error TS") == 2
