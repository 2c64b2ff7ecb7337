// Values of events as one line of text.

import { measured, quantity } from "../format";
import type { Attributes, Json, LedgerEvent } from "../api/types";

const LONGEST = 400;
const MANY_DIGITS = 1e4; // beyond, what comes after the point is of no use to an eye
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
  const isWhole = Number.isInteger(value) || Math.abs(value) >= MANY_DIGITS;
  return quantity(key, value) ?? (isWhole ? String(Math.round(value)) : measured(value));
}

/** The first few attributes, as `key=value`. */
function summary(attributes: Attributes = {}): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (SAID_ALREADY.has(key) || (key === "reason" && errorIn(attributes).endsWith(inline(value)))) continue;
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

/** `TimeoutError: it took too long`, empty if the event brings no error. */
export const errorOf = (event: LedgerEvent): string => errorIn(event.attributes ?? {});

/** The same of attributes: who fails without an exception may give a reason, and a type that says nothing is left out. */
export function errorIn(attributes: Attributes): string {
  const type = attributes["exception.type"] ?? attributes["error.type"];
  const message = attributes["exception.message"] ?? (type === undefined ? undefined : attributes.reason);
  return [errorTypeText(type), message].filter((each) => typeof each === "string" && each).join(": ");
}

/** OpenTelemetry's word for an error of no particular type tells a reader nothing. */
export const errorTypeText = (type: Json | undefined): string =>
  typeof type === "string" && type !== "_OTHER" ? type : "";

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
