/**
 * Say what happens in a browser or in Node, as events of OpenTelemetry.
 *
 *     import { configure, event, task } from "otel-events";
 *     configure({ serviceName: "shop", endpoint: "http://127.0.0.1:4318" });
 *     await task("draft", { task_id: "t-1" }, async (t) => {
 *       event("evidence.added", { source: "paper.pdf", quality: 0.82 });
 *       t.set({ confidence: 0.78 });
 *     });
 */
import { events as knownEvents, version } from "./known.js";
import { adopt, boundIn, current, defaults, randomHex, scopeOf, within, write } from "./scope.js";
import { Sender } from "./sending.js";
import { readSettings } from "./settings.js";
import { attributesOf, CORRELATION, errorType, text } from "./values.js";

const NAMES = "TRACE DEBUG INFO WARN ERROR FATAL".split(" ").flatMap((name) => ["", "2", "3", "4"].map((n) => name + n));
const WORDS = { NOTSET: 1, WARNING: 13, EXCEPTION: 17, CRITICAL: 21, INFORMATION: 9, NOTICE: 10, ALERT: 19, EMERGENCY: 24 };
const KNOWN = new Map();
for (const [name, message, severity, ...aliases] of knownEvents) {
  for (const spelling of [name, ...aliases]) KNOWN.set(spelling, { name, message, severity });
}
const MOST_SPAN_EVENTS = 128;
const LIFECYCLE = ["task.started", "task.completed", "task.failed", "task.cancelled"];

const counts = { emitted: 0, delivered: 0, retries: 0, problems: 0, dropped: {} };
let senders; // { logs, traces }; an empty object where nothing is sent

/** Say where events go and whose they are. Settings that are not given come from OTEL_* in Node's environment. */
export function configure(given = {}) {
  const { isDisabled, signals, resource } = readSettings(given, version, randomHex(16));
  const wrapped = (list, scopes, records) => (batch) =>
    `{"${list}":[{"resource":${resource},"${scopes}":[{"scope":{"name":"otel_events"},"${records}":[${batch.join(",")}]}]}]}`;
  senders = {};
  if (isDisabled) return;
  if (signals.logs) senders.logs = new Sender({ ...signals.logs, wrap: wrapped("resourceLogs", "scopeLogs", "logRecords") }, counts);
  if (signals.traces) senders.traces = new Sender({ ...signals.traces, wrap: wrapped("resourceSpans", "scopeSpans", "spans") }, counts);
}

/** Emit the event `name`, with a message or attributes; `options`: severity, message, attributes, timestamp, exception. */
export function event(name, messageOrAttributes, options) {
  emit(current(), name, messageOrAttributes, options);
}

/** Have `attributes` on every event of this program, beneath every scope; null takes one away. */
export function bind(attributes) {
  Object.assign(defaults, attributes);
}

/** Run `work` with `attributes` on every event inside. */
export function context(attributes, work) {
  const scope = current();
  return within({ ...scope, attributes: { ...scope.attributes, ...attributes } }, work);
}

/** Write the trace and the correlation attributes that hold here into headers, or into an environment. */
export function inject(carrier = {}, { environment = carrier === globalThis.process?.env } = {}) {
  return write(current(), carrier, environment);
}

/** Run `work` in the trace and with the attributes that `carrier` brings: headers or an environment. */
export function extract(carrier, work) {
  const remote = scopeOf(carrier);
  const here = current();
  const attributes = { ...remote.attributes, ...here.attributes };
  return within({ ...here, attributes, trace: remote.trace ?? here.trace, baggage: remote.baggage }, work);
}

/** Send what waits; resolves to whether all of it was taken within `timeout` milliseconds. */
export async function flush(timeout = 2000) {
  const deadline = Date.now() + timeout;
  const taken = await Promise.all(Object.values(senders ?? {}).map((sender) => sender.flush(deadline)));
  return taken.every(Boolean);
}

/** What became of the events so far. */
export const stats = () => structuredClone(counts);

// -- events -----------------------------------------------------------------------------------------------------------

function emit(scope, name, given, options = {}, time = now()) {
  try {
    if (senders === undefined) configure();
    const known = KNOWN.get(name);
    const isMessage = typeof given === "string";
    const own = { ...(isMessage ? undefined : given), ...options.attributes, ...exceptionAttributes(options.exception) };
    const said = options.message ?? (isMessage ? given : typeof own.message === "string" ? own.message : undefined);
    const message = said ?? known?.message;
    const severity = severityOf(options.severity) ?? (options.exception ? 17 : known?.severity) ?? 9;
    const uid = randomHex(16);
    const bound = boundIn(scope);
    const session = own.session_id ?? bound.session_id; // an event has it under OpenTelemetry's name as well
    const attributes = [...attributesOf({ "session.id": session, ...own }, bound), { key: "log.record.uid", value: text(uid) }];
    const eventName = known?.name ?? String(name);
    const happened = timeOf(options.timestamp) ?? time;
    const { trace } = scope;
    counts.emitted += 1;
    senders.logs?.add(JSON.stringify({
      timeUnixNano: happened, observedTimeUnixNano: time, severityNumber: severity, severityText: NAMES[severity - 1],
      ...(message === undefined ? undefined : { body: text(String(message)) }), eventName, attributes,
      ...(trace && { traceId: trace.traceId, spanId: trace.spanId, flags: trace.flags }),
    }));
    scope.task?.note({ timeUnixNano: happened, name: eventName, attributes });
  } catch {
    counts.problems += 1; // a value of the program's that throws when it is looked at; nothing of ours may break a program
  }
}

function exceptionAttributes(error) {
  if (error === undefined || error === null) return undefined;
  return {
    "exception.type": errorType(error),
    "exception.message": String(error?.message ?? error),
    ...(error?.stack && { "exception.stacktrace": String(error.stack).slice(0, 16384) }),
  };
}

function severityOf(value) {
  if (Number.isInteger(Number(value)) && value >= 1 && value <= 24) return Number(value);
  const word = String(value).trim().toUpperCase();
  return WORDS[word] ?? (NAMES.indexOf(word) + 1 || undefined);
}

function now() {
  const wall = Date.now();
  const fine = performance.timeOrigin + performance.now(); // finer, but it stands still while a machine sleeps
  return nanoseconds(Math.abs(fine - wall) < 50 ? fine : wall);
}

const nanoseconds = (milliseconds) => String(BigInt(Math.round(milliseconds * 1000)) * 1000n);

function timeOf(value) {
  if (value === undefined || value === null) return undefined;
  const milliseconds = value instanceof Date || typeof value === "string" ? new Date(value).getTime() : Number(value);
  return milliseconds >= 0 && milliseconds < 9e15 ? nanoseconds(milliseconds) : undefined;
}

// -- tasks ------------------------------------------------------------------------------------------------------------

/** Run `work(task)` as a task and return what it returns; without `work`, return a task that is open until its `end()`. */
export function task(name, attributes, work) {
  const [given, run] = typeof attributes === "function" ? [{}, attributes] : [attributes ?? {}, work];
  const begun = new Task(String(name), given);
  if (run === undefined) return begun;
  return begun.run(() => {
    let result;
    try {
      result = run(begun);
    } catch (error) {
      begun.end(error);
      throw error;
    }
    if (typeof result?.then !== "function") {
      begun.end();
      return result;
    }
    return result.then(
      (value) => (begun.end(), value),
      (error) => {
        begun.end(error);
        throw error;
      },
    );
  });
}

class Task {
  #scope;
  #parent;
  #name;
  #attributes;
  #results = {};
  #notes = [];
  #noted = 0;
  #began;
  #failure;
  #isOpen = true;

  constructor(name, given) {
    const outer = current();
    const around = boundIn(outer);
    const own = { ...given };
    const bound = { parent_task_id: around.task_id ?? null, task_id: randomHex(8) };
    for (const key of CORRELATION) {
      if (own[key] != null) bound[key] = own[key];
      delete own[key];
    }
    this.taskId = bound.task_id = String(bound.task_id);
    this.#name = name;
    this.#parent = outer.trace;
    const trace = {
      traceId: outer.trace?.traceId ?? randomHex(16), spanId: randomHex(8), flags: outer.trace?.flags ?? 1, state: outer.trace?.state,
    };
    this.#scope = { ...outer, attributes: { ...outer.attributes, ...bound }, trace, task: this };
    this.#attributes = { task_name: name, ...own };
    this.#began = now();
    emit(this.#scope, LIFECYCLE[0], this.#attributes, {}, this.#began);
  }

  /** Run `work` inside of this task. */
  run(work) {
    return within(this.#scope, work);
  }

  /** `event` inside of this task: for browsers, where the task no longer holds after an `await`. */
  event(name, messageOrAttributes, options) {
    emit(this.#scope, name, messageOrAttributes, options);
  }

  inject(carrier = {}, options = {}) {
    return write(this.#scope, carrier, options.environment);
  }

  /** Put `attributes` on the span and on the closing event. */
  set(attributes) {
    Object.assign(this.#results, attributes);
  }

  /** Let the task end as failed though nothing is thrown. */
  fail(reason = "", { errorType: type = "_OTHER" } = {}) {
    this.#failure = { reason: String(reason), type: String(type) };
  }

  note(copy) {
    this.#noted += 1;
    this.#notes.push(copy);
    if (this.#notes.length > MOST_SPAN_EVENTS) this.#notes.shift();
  }

  end(error) {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const ended = now();
    const isCancelled = error?.name === "AbortError";
    const isFailed = (error !== undefined && !isCancelled) || (error === undefined && this.#failure !== undefined);
    const type = error === undefined ? this.#failure?.type : errorType(error);
    const closing = { task_name: this.#name, ...this.#results, duration: Number(BigInt(ended) - BigInt(this.#began)) / 1e9 };
    if (type !== undefined) closing["error.type"] = type;
    if (error === undefined && this.#failure) closing.reason = this.#failure.reason;
    const name = LIFECYCLE[isFailed ? 2 : isCancelled ? 3 : 1];
    emit(this.#scope, name, closing, isFailed && error !== undefined ? { exception: error } : {}, ended);
    const told = error === undefined ? (this.#failure?.reason ?? "") : `${type}: ${error?.message ?? error}`;
    this.#sendSpan(ended, isFailed ? { type, told } : undefined);
  }

  #sendSpan(ended, failure) {
    const { trace } = this.#scope;
    if (!senders?.traces || !trace.flags) return;
    try {
      const own = { ...this.#attributes, ...this.#results, ...(failure && { "error.type": failure.type }) };
      senders.traces.add(JSON.stringify({
        traceId: trace.traceId, spanId: trace.spanId, ...(this.#parent && { parentSpanId: this.#parent.spanId }),
        ...(trace.state && { traceState: trace.state }), name: this.#name, kind: 1, startTimeUnixNano: this.#began,
        endTimeUnixNano: ended, flags: trace.flags, attributes: attributesOf(own, boundIn(this.#scope)), events: this.#notes,
        droppedEventsCount: this.#noted - this.#notes.length, ...(failure && { status: { code: 2, message: failure.told } }),
      }));
    } catch {
      counts.problems += 1;
    }
  }
}

// -- the end of the program, or of the page ---------------------------------------------------------------------------

if (globalThis.process?.versions?.node) {
  adopt(globalThis.process.env);
  // Comes again when what it began has ended: so it tries once, and for two seconds at most.
  let hasTried = false;
  globalThis.process.on("beforeExit", () => {
    if (hasTried || Object.values(senders ?? {}).every((sender) => sender.isIdle)) return;
    hasTried = true;
    const deadline = setTimeout(() => {}, 2000); // keeps the program for as long
    flush(2000).finally(() => clearTimeout(deadline));
  });
} else if (globalThis.document) {
  const leave = () => Object.values(senders ?? {}).forEach((sender) => sender.leave());
  globalThis.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
}
