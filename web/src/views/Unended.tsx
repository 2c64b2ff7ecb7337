// What is known of a session or a cycle that has no end: whether it goes on, and when it was last heard of.

import type { Cycle, Session } from "../api/types";
import { ago, millis } from "../format";
import { endingOf } from "./endings";

const BADGES = { running: "task-running", ended: "", orphaned: "task-orphaned", quiet: "task-cancelled" };

// Of what goes on, nobody asks when it was last heard of, if that was within so many milliseconds.
const LONG = 60_000;
const isLongAgo = (instant: string): boolean => Date.now() - millis(instant) > LONG;

export function Unended({ row }: { row: Cycle | Session }) {
  const { word, text } = endingOf(row);
  return (
    <span class="unended" title={text}>
      <span class={`badge ${BADGES[row.state]}`}>{word}</span>{" "}
      {(row.state !== "running" || isLongAgo(row.last)) && <span class="faint">last event {ago(row.last)}</span>}
    </span>
  );
}
