// Which task, trace and bound attributes hold here; and how they come from, and go to, other processes.
import { CORRELATION } from "./values.js";

const node = globalThis.process?.versions?.node ? (name) => import(/* @vite-ignore */ `node:${name}`) : undefined;
// Browsers have nothing that follows `await`: there a scope holds until its function first waits, and `task.event` after.
const storage = node ? new (await node("async_hooks")).AsyncLocalStorage() : stack();
const webcrypto = globalThis.crypto ?? (await node("crypto")).webcrypto;

const INTEGER = new Set(["cycle", "day", "env_id", "episode"]);
const MOST = { header: 8192, entries: 64, value: 256 };

/** What `bind` binds, beneath every scope. */
export const defaults = {};
let outermost = { attributes: {}, trace: undefined, task: undefined, baggage: [] };

function stack() {
  let here;
  return {
    getStore: () => here,
    run(scope, work) {
      const before = here;
      here = scope;
      try {
        return work();
      } finally {
        here = before;
      }
    },
  };
}

export const current = () => storage.getStore() ?? outermost;
export const within = (scope, work) => storage.run(scope, work);
/** Return the attributes that hold in `scope`. */
export const boundIn = (scope) => ({ ...outermost.attributes, ...defaults, ...scope.attributes });

/** Return `count` random bytes as hexadecimal digits. */
export function randomHex(count) {
  return Array.from(webcrypto.getRandomValues(new Uint8Array(count)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// -- from other processes ---------------------------------------------------------------------------------------------

/** Return the scope that a carrier brings: headers (an object, Headers or Map), or an environment. */
export function scopeOf(carrier) {
  const fields = {};
  const pairs = typeof carrier?.entries === "function" ? carrier.entries() : Object.entries(carrier ?? {});
  for (const [name, value] of pairs) {
    const plain = String(name).toLowerCase().replaceAll("_", "-");
    const first = Array.isArray(value) ? value[0] : value;
    if (typeof first === "string" && first.length <= MOST.header) fields[plain] = first;
  }
  const { attributes, others } = readBaggage(fields.baggage ?? "");
  return { attributes, trace: readParent(fields), task: undefined, baggage: others };
}

/** Let what a parent process has left in the environment hold everywhere. */
export function adopt(environment) {
  outermost = scopeOf(environment);
}

function readParent(fields) {
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/.exec((fields.traceparent ?? "").trim().toLowerCase());
  if (!found || found[1] === "ff" || /^0+$/.test(found[2]) || /^0+$/.test(found[3])) return undefined;
  return { traceId: found[2], spanId: found[3], flags: parseInt(found[4], 16) & 1, state: fields.tracestate };
}

function readBaggage(header) {
  const attributes = {};
  const others = []; // of other people: passed on as they are
  for (const entry of header.split(",").slice(0, MOST.entries)) {
    const [, key, encoded] = /^\s*([^=;\s]+)\s*=([^;]*)/.exec(entry) ?? [];
    if (key === undefined) continue;
    if (!CORRELATION.includes(key)) others.push(entry.trim());
    else {
      const value = typed(key, decode(encoded.trim()));
      if (value !== undefined) attributes[key] = value;
    }
  }
  return { attributes, others };
}

function decode(encoded) {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return ""; // no UTF-8
  }
}

function typed(key, value) {
  // eslint-disable-next-line no-control-regex
  if (value === "" || value.length > MOST.value || /[\u0000-\u001f\u007f-\u009f]/.test(value)) return undefined;
  if (!INTEGER.has(key)) return value;
  return /^-?\d{1,15}$/.test(value) ? Number(value) : undefined;
}

// -- to other processes -----------------------------------------------------------------------------------------------

/** Write the trace and the correlation attributes of `scope` into `carrier`. */
export function write(scope, carrier, isEnvironment) {
  const fields = {};
  const trace = scope.trace;
  if (trace) fields.traceparent = `00-${trace.traceId}-${trace.spanId}-0${trace.flags}`;
  if (trace?.state) fields.tracestate = trace.state;
  const bound = boundIn(scope);
  const own = CORRELATION.filter((key) => bound[key] != null && String(bound[key]).length <= MOST.value);
  const entries = [...scope.baggage, ...own.map((key) => `${key}=${percent(String(bound[key]))}`)];
  if (entries.length) fields.baggage = entries.join(",");
  for (const [name, value] of Object.entries(fields)) {
    if (typeof carrier.set === "function") carrier.set(name, value);
    else carrier[isEnvironment ? name.toUpperCase() : name] = value;
  }
  return carrier;
}

function percent(value) {
  const whole = value.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "?");
  return encodeURIComponent(whole).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
