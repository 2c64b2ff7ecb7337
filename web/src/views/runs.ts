// Numbers parted by run: a line ends where its session does, and where nothing was said for long.

import type { SeriesPoint } from "../api/types";
import { millis } from "../format";

export interface Sample {
  /** Seconds, since the Unix epoch or since its session began. */
  at: number;
  session: string;
  /** Null where the line is to be broken. */
  value: number | null;
}

// So many times the usual distance between two values is a gap.
const GAP = 12;
const LEAST_GAP = 2; // seconds
const INSTANT = 1e-6;

/** A session in one of its runs, in words; empty for none. */
const sessionOf = ({ session_id, session_run }: SeriesPoint): string =>
  session_id === null
    ? ""
    : `session ${session_id}${session_run !== null && session_run > 1 ? `, run ${session_run}` : ""}`;

/** The sessions of *points*, that with the newest point first. */
export function sessionsOf(points: SeriesPoint[]): string[] {
  return [...new Set([...points].reverse().map(sessionOf))];
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The values of *key* in one session, in order of time, with a break in each gap. */
function withBreaks(samples: Sample[]): Sample[] {
  const distances = samples.slice(1).map((sample, index) => sample.at - (samples[index]?.at ?? 0));
  const most = Math.max(LEAST_GAP, median(distances) * GAP);
  return samples.flatMap((sample, index) => {
    const distance = distances[index - 1] ?? 0;
    // Right behind the value before: a line that others cross ends where it is broken.
    return distance > most ? [{ ...sample, at: sample.at - distance + INSTANT, value: null }, sample] : [sample];
  });
}

/** When the first of *points* of each session was. */
function beginnings(points: SeriesPoint[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const point of points) {
    const at = timeOf(point);
    found.set(sessionOf(point), Math.min(at, found.get(sessionOf(point)) ?? at));
  }
  return found;
}

/** How many seconds after its session began a point is. */
export function sinceBeginning(points: SeriesPoint[]): (point: SeriesPoint) => number {
  const began = beginnings(points);
  return (point) => timeOf(point) - (began.get(sessionOf(point)) ?? 0);
}

/** Seconds since the Unix epoch. */
export const timeOf = (point: SeriesPoint): number => millis(point.time) / 1000;

/** The values of *key* of all sessions, in order of time. */
export function samplesOf(points: SeriesPoint[], key: string, at: (point: SeriesPoint) => number): Sample[] {
  const bySession = new Map<string, Sample[]>();
  for (const point of points) {
    const value = point.values[key];
    if (value === undefined) continue;
    const session = sessionOf(point);
    const samples = bySession.get(session) ?? [];
    bySession.set(session, samples);
    samples.push({ at: at(point), session, value });
  }
  return [...bySession.values()]
    .flatMap((samples) => withBreaks(samples.sort((a, b) => a.at - b.at)))
    .sort((a, b) => a.at - b.at);
}
