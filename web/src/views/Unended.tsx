// What is known of a session or a cycle that has no end: whether it goes on, and when it was last heard of.

import type { Cycle, Session, Writer } from "../api/types";
import { ago } from "../format";
import { endingOf } from "./endings";

const BADGES = { running: "task-running", ended: "task-cancelled", lost: "task-orphaned", unknown: "" };

export function Unended({ row, writers }: { row: Cycle | Session; writers: Writer[] }) {
  const { state, word, text } = endingOf(row, writers);
  return (
    <span class="unended" title={text}>
      {word && <span class={`badge ${BADGES[state]}`}>{word}</span>}{" "}
      {state !== "running" && <span class="faint">last event {ago(row.last)}</span>}
    </span>
  );
}
