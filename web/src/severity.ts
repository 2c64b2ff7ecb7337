// OpenTelemetry's severities: numbers for comparing, levels for colours.

const FIRST: Record<string, number> = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 };

type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";
const LEVELS: Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

export const WARN = 13;
export const ERROR = 17;

/** The severity number of a ledger's `severity`; that of INFO where it says none. */
export function severityNumber(severity: string | number | null | undefined): number {
  if (typeof severity === "number") return severity;
  const parts = /^([A-Z]+)([2-4]?)$/.exec(severity ?? "");
  const first = FIRST[parts?.[1] ?? ""];
  return first === undefined ? 9 : first + (parts?.[2] ? Number(parts[2]) - 1 : 0);
}

export function level(severity: string | number | null | undefined): Level {
  const index = Math.floor((severityNumber(severity) - 1) / 4);
  return LEVELS[Math.max(0, Math.min(5, index))] ?? "info";
}
