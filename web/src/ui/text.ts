// Values of events as one line of text.

import { measured, quantity } from "../format";
import type { Attributes, Json, LedgerEvent } from "../api/types";

const LONGEST = 400;
const SAID_ALREADY = new Set([
  "task_name",
  "error.type",
  "exception.type",
  "exception.message",
  "exception.stacktrace",
]);

export function inline(value: Json | undefined): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The value of the attribute *key* in few characters; what is a time says its unit. */
export function valueText(key: string, value: Json): string {
  if (typeof value !== "number") return inline(value).slice(0, 60);
  return quantity(key, value) ?? (Number.isInteger(value) ? String(value) : measured(value));
}

/** The first few attributes, as `key=value`. */
function summary(attributes: Attributes | undefined): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (SAID_ALREADY.has(key)) continue;
    parts.push(`${key}=${valueText(key, value)}`);
    if (parts.length === 6) break;
  }
  return parts.join("  ");
}

export function messageOf(event: LedgerEvent): string {
  const name = event.attributes?.task_name;
  const said = event.message === null ? "" : inline(event.message);
  const error = errorOf(event);
  return `${said}${typeof name === "string" ? `: ${name}` : ""}${error && !said.includes(error) ? ` · ${error}` : ""}`;
}

/** `TimeoutError: it took too long`, empty if the event brings no exception. */
export function errorOf(event: LedgerEvent): string {
  const type = event.attributes?.["exception.type"] ?? event.attributes?.["error.type"];
  const message = event.attributes?.["exception.message"];
  return [type, message].filter((each) => typeof each === "string" && each).join(": ");
}

export interface Line {
  message: string;
  details: string;
}

const lines = new WeakMap<LedgerEvent, Line>();

/** What a row says of an event: its message, and of its attributes what there is room for. */
export function lineOf(event: LedgerEvent): Line {
  const known = lines.get(event);
  if (known) return known;
  const line = { message: messageOf(event), details: summary(event.attributes) };
  lines.set(event, line);
  return line;
}
