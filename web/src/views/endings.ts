// How a session or a cycle ended that did not say so, as far as anybody can know: by the programs that wrote meanwhile.

import type { Cycle, Session, Writer } from "../api/types";
import { ago, millis } from "../format";

// With no program to go by, an event of less than so many milliseconds ago means that it goes on.
const RECENT = 60_000;
const SLACK = 1000;

type Row = Cycle | Session;

export interface Ending {
  state: "running" | "ended" | "lost" | "unknown";
  /** In a word or two. */
  word: string;
  /** The same in a sentence. */
  text: string;
}

/** The programs that may have written the last event of *row*: of its service, and there at that time. */
function writersOf(row: Row, writers: Writer[]): Writer[] {
  const at = millis(row.last);
  return writers.filter(
    (writer) =>
      writer.service === row.service &&
      millis(writer.last) >= at - SLACK &&
      (writer.started === null || millis(writer.started) <= at + SLACK),
  );
}

/** What is known of *row*, which has no end. */
export function endingOf(row: Row, writers: Writer[], now: number = Date.now()): Ending {
  const states = new Set(writersOf(row, writers).map((writer) => writer.state));
  const last = `last event ${ago(row.last, now)}`;
  if (states.has("running") || (states.size === 0 && now - millis(row.last) < RECENT))
    return { state: "running", word: "running", text: `It goes on: ${last}.` };
  if (states.has("unclean"))
    return { state: "lost", word: "cut off", text: `Its program was killed, or is silent, without an end: ${last}.` };
  if (states.size > 0)
    return { state: "ended", word: "left open", text: `Its program ended and left it open: ${last}.` };
  return { state: "unknown", word: "", text: `Nobody said that it ended: ${last}.` };
}
