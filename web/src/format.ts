// How instants, durations and quantities read.

const INTEGER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SIGNIFICANT = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
});

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);
const three = (value: number): string => `${value}`.padStart(3, "0");

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)Z$/;

/** Milliseconds since the Unix epoch of an ISO 8601 instant, with what it says beyond them; NaN of what is none. */
export function millis(instant: string | null | undefined): number {
  const parts = INSTANT.exec(instant ?? "");
  if (parts) return Date.parse(`${parts[1]}Z`) + Number(parts[2]) * 1000; // Date alone drops what is below a millisecond
  return instant ? Date.parse(instant) : Number.NaN;
}

/** `19:01:23.456`, in the reader's zone. */
export function clock(instant: string): string {
  const at = new Date(millis(instant));
  return Number.isNaN(at.getTime()) ? "no time" : `${clockOfDate(at)}.${three(at.getMilliseconds())}`;
}

/** `19:01:23`, in the reader's zone. */
export function clockOfDate(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `19:01:23`, with the day before it unless that is today. */
export function moment(instant: string | null | undefined): string {
  const at = new Date(millis(instant));
  if (Number.isNaN(at.getTime())) return "–";
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? clockOfDate(at) : `${DAY.format(at)} ${clockOfDate(at)}`;
}

/** The day, and the instant with all digits that it has, in the reader's zone. */
export function exactMoment(instant: string): string {
  const at = new Date(millis(instant));
  if (Number.isNaN(at.getTime())) return instant;
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? "0";
  return `${DAY_AND_YEAR.format(at)}, ${clockOfDate(at)}.${fraction}`;
}

/** `3 min ago`, of an instant in the past. */
export function ago(instant: string | null | undefined, now: number = Date.now()): string {
  const seconds = (now - millis(instant)) / 1000;
  if (Number.isNaN(seconds)) return "–";
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

function twoUnits(size: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((size % large) / small);
  return `${Math.floor(size / large)} ${largeUnit}${rest ? ` ${rest} ${smallUnit}` : ""}`;
}

/** `150 ms`, `1.39 s`, `2 min 5 s`; a dash where there is none. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "−" : "";
  if (size === 0) return "0 s";
  if (size < 0.001) return `${sign}${Math.round(size * 1e6)} µs`;
  if (size < 1) return `${sign}${Number((size * 1000).toPrecision(3))} ms`;
  if (size < 60) return `${sign}${Number(size.toPrecision(3))} s`;
  if (size < 3600) return sign + twoUnits(size, 60, "min", 1, "s");
  if (size < 86_400) return sign + twoUnits(size, 3600, "h", 60, "min");
  return sign + twoUnits(size, 86_400, "d", 3600, "h");
}

/** `12,345`. */
export const count = (value: number): string => INTEGER.format(value);

/** A measured number with no more digits than an eye can use. */
export const measured = (value: number): string => SIGNIFICANT.format(value);

/** `1.2 MB`. */
export function bytes(size: number | null | undefined): string {
  if (size === null || size === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`;
}

// What a key says of its unit: OpenTelemetry's names end in it, and a duration is in seconds.
const UNITS: [RegExp, (value: number) => string][] = [
  [/(^|[._])duration$|[._](seconds|secs?|s)$/, duration],
  [/[._](millis|milliseconds|ms)$/, (value) => duration(value / 1000)],
  [/[._](nanos|nanoseconds|ns)$/, (value) => duration(value / 1e9)],
  [/(^|[._])bytes$/, bytes],
];

/** The value of the attribute *key* with its unit, `150 ms`; null where the key names none. */
export const quantity = (key: string, value: number): string | null =>
  UNITS.find(([pattern]) => pattern.test(key))?.[1](value) ?? null;

/** `1 event`, `2 events`. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
