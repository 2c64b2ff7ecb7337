// When the live list is drawn: as often as the machine can bear.

import { signal } from "@preact/signals";
import { held, received, tally, waiting } from "./store";

// The list is drawn anew at most so often (milliseconds), and so that drawing takes no more than this share of the time:
// the rest is for scrolling, keys and other programs.
const LEAST_BETWEEN_UPDATES = 32;
const MOST_BETWEEN_UPDATES = 250;
const SHARE_FOR_DRAWING = 0.25;
const BETWEEN_COUNTS = 250;

/** Grows whenever the rows have changed and a frame may draw them. */
export const version = signal(0);

let isAnnounced = false;
let announcedAt = 0;
let between = LEAST_BETWEEN_UPDATES;
let drawn = held.peek();

/** Have the rows drawn with one of the next frames. */
export function announce(): void {
  if (isAnnounced) return;
  isAnnounced = true;
  requestAnimationFrame(publish);
}

function publish(now: number): void {
  // Rows that stand still need no drawing for what comes meanwhile, but for its count.
  const isStill = held.peek() !== null && held.peek() === drawn;
  if (now - announcedAt < (isStill ? BETWEEN_COUNTS : between)) {
    requestAnimationFrame(publish);
    return;
  }
  isAnnounced = false;
  announcedAt = now;
  drawn = held.peek();
  received.value = tally.total;
  if (drawn) waiting.value = tally.total - tally.whenHeld;
  if (isStill) return;
  version.value += 1;
  pace();
}

/** Leave so much time before the next drawing as follows from how long this one takes. */
function pace(): void {
  const began = performance.now();
  const after = new MessageChannel(); // is heard when the frame has been drawn
  after.port1.onmessage = () => {
    between = Math.min(
      MOST_BETWEEN_UPDATES,
      Math.max(LEAST_BETWEEN_UPDATES, (performance.now() - began) / SHARE_FOR_DRAWING),
    );
    after.port1.close();
  };
  after.port2.postMessage(null);
}
