// A span of time that is chosen by dragging over it, and kept in the URL.

import { useState } from "preact/hooks";
import { millis } from "../format";
import { change, parameter } from "../state/route";
import type { TimeSpan } from "./lanes";

const LEAST = 0.005; // of the width: less is a click

interface Zoom {
  /** What is being dragged over, as shares of the width. */
  drag: [number, number] | null;
  begin(event: PointerEvent): void;
  move(event: PointerEvent): void;
  end(): void;
}

const ALL = "all";

/** The span that the URL asks for: *usual* if it asks for none. */
export function zoomed(whole: TimeSpan, usual: TimeSpan): TimeSpan {
  if (parameter("from") === ALL) return whole;
  const [from, to] = [millis(parameter("from")), millis(parameter("to"))];
  return from < to ? { from, to } : usual;
}

export const zoomOut = (): void => change({ from: ALL, to: null });

/** The handlers of an element that shows *span*. */
export function useZoom(span: TimeSpan): Zoom {
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const shareAt = (event: PointerEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  };
  const instantAt = (share: number): string => new Date(span.from + share * (span.to - span.from)).toISOString();
  return {
    drag,
    begin: (event) => {
      if (event.button === 0 && event.pointerType === "mouse") setDrag([shareAt(event), shareAt(event)]);
    },
    move: (event) => {
      if (drag) setDrag([drag[0], shareAt(event)]);
    },
    end: () => {
      if (!drag) return;
      setDrag(null);
      const [from, to] = [Math.min(...drag), Math.max(...drag)];
      if (to - from > LEAST) change({ from: instantAt(from), to: instantAt(to) });
    },
  };
}
