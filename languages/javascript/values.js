// From any value to OTLP's JSON: bounded, without the secrets that keys name, and never throwing.
import { about, endings, pairs, tokenInnocent, values as valueWords, words } from "./known.js";

const INTEGERS = ["cycle", "day", "env_id", "episode"];
export const CORRELATION = ["task_id", "parent_task_id", "persona", "session_id", ...INTEGERS];
const MOST_ATTRIBUTES = 128;
const LONGEST = 65536; // characters of one text
const DEEPEST = 8;
const MOST_ITEMS = 1000; // of one list or object

/** Return OTLP's list of the attributes in `own`, and of those in `bound` that it leaves; null takes one away. */
export function attributesOf(own, bound = {}) {
  const all = { ...bound, ...own };
  for (const key of INTEGERS) if (/^-?\d{1,15}$/.test(all[key])) all[key] = Number(all[key]);
  const given = Object.keys(all).filter((key) => key && all[key] != null);
  return given.slice(0, MOST_ATTRIBUTES).map((key) => attribute(key, all[key], 0, new Set()));
}

export const text = (value) => ({ stringValue: wellFormed(value) });

function attribute(key, value, depth, around) {
  const encoded = encode(value, depth, around);
  return { key: wellFormed(key), value: isSecret(key, encoded) ? text(`<REDACTED:${secretKind(key)}>`) : encoded };
}

function encode(value, depth, around) {
  switch (typeof value) {
    case "string": return text(value);
    case "boolean": return { boolValue: value };
    case "number": return encodeNumber(value);
    case "bigint": return BigInt.asIntN(64, value) === value ? { intValue: String(value) } : text(String(value));
    case "function": return text(value.name || "function");
    case "symbol": return text(String(value));
    case "undefined": return {};
  }
  if (value === null) return {};
  try {
    return depth >= DEEPEST || around.has(value) ? text("…") : encodeObject(value, depth, new Set(around).add(value));
  } catch {
    return text("<unreadable>"); // a getter or a proxy of the program's that throws
  }
}

function encodeNumber(value) {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

function encodeObject(value, depth, around) {
  const list = (items) => ({
    arrayValue: { values: Array.from(items).slice(0, MOST_ITEMS).map((item) => encode(item, depth + 1, around)) },
  });
  if (Array.isArray(value) || value instanceof Set) return list(value);
  if (value instanceof Date) return text(Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString());
  if (value instanceof Error) return encode({ type: errorType(value), message: String(value.message) }, depth, around);
  if (value instanceof Uint8Array) return { bytesValue: base64(value) };
  if (ArrayBuffer.isView(value) && value.length !== undefined) return list(value);
  if (value instanceof URL || value instanceof RegExp) return text(String(value));
  const entries = value instanceof Map ? [...value] : Object.entries(typeof value.toJSON === "function" ? value.toJSON() : value);
  const encoded = entries.slice(0, MOST_ITEMS).map(([key, item]) => attribute(String(key), item, depth + 1, around));
  return { kvlistValue: { values: encoded } };
}

/** What OpenTelemetry's `error.type` and `exception.type` say of `error`. */
export function errorType(error) {
  return error instanceof Error ? String(error.name || error.constructor.name) : typeof error;
}

function base64(bytes) {
  let binary = "";
  for (const byte of bytes.subarray(0, LONGEST)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Cut what is too long, and replace halves of characters, which UTF-8 has no place for. */
function wellFormed(value) {
  const cut = value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
  return cut.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

// -- secrets ----------------------------------------------------------------------------------------------------------

function isSecret(key, encoded) {
  if ("boolValue" in encoded || Object.keys(encoded).length === 0 || encoded.stringValue === "") return false;
  if (encoded.stringValue?.startsWith("<REDACTED")) return false;
  const kind = secretKind(key);
  const isNumber = "intValue" in encoded || "doubleValue" in encoded;
  return kind !== "" && !(isNumber && kind !== "password" && kind !== "personal");
}

const wordOf = (table, word) => (Object.hasOwn(table, word) ? table[word] : "");

/** Return the kind of secret that a key names by its words, as redaction/keys.py does; empty if it names none. */
export function secretKind(key) {
  if (CORRELATION.includes(key) || key.length > 256) return "";
  const parts = (key.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? []).map((word) => word.toLowerCase());
  if (parts.length === 0 || parts.length > 12) return "";
  while (parts.length > 1 && (/^[0-9]{1,4}$/.test(parts.at(-1)) || valueWords.has(parts.at(-1)))) parts.pop();
  const last = parts.at(-1);
  if (about.has(last) && !(last === "id" && parts.at(-2) === "secret")) return "";
  for (const word of parts) {
    const kind = wordOf(words, word);
    if (kind && !(kind === "token" && word !== last)) return kind;
  }
  for (let i = 1; i < parts.length; i++) {
    const kind = wordOf(pairs, `${parts[i - 1]} ${parts[i]}`);
    if (kind) return kind;
  }
  if (last === "token") return parts.slice(0, -1).some((word) => tokenInnocent.has(word)) ? "" : "token";
  return Object.entries(endings).find(([ending]) => last.endsWith(ending))?.[1] ?? "";
}
