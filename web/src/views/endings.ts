// How a session or a cycle stands that did not say that it ended, in words.

import type { Cycle, Session } from "../api/types";
import { ago } from "../format";

interface Ending {
  /** In a word or two. */
  word: string;
  /** The same in a sentence. */
  text: string;
}

/** What is known of *row*, which has no end. */
export function endingOf(row: Cycle | Session): Ending {
  const last = `last event ${ago(row.last)}`;
  if (row.state === "running") return { word: "running", text: `It goes on: ${last}.` };
  if (row.writer_state === "stopped")
    return { word: "left open", text: `Its program ended without ending it: ${last}.` };
  if (row.state === "orphaned")
    return { word: "cut off", text: `Its program was killed, or fell silent, without ending it: ${last}.` };
  return { word: "quiet", text: `Nobody said that it ended, and nothing more was heard: ${last}.` };
}
