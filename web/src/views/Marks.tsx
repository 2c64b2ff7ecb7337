// Events on a bar: a mark for each, and one for several that would stand on the same place.

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { LedgerEvent } from "../api/types";
import { clock, count, counted, millis } from "../format";
import { ERROR, severityNumber } from "../severity";
import { hueOfName } from "../state/catalogue";
import type { TimeSpan } from "./lanes";

const APART = 9; // pixels from one mark to the next
const NAMED = 4;
const WHOLE = { from: 0, to: 1 };

interface Bin {
  /** Where it stands, of the width. */
  share: number;
  events: LedgerEvent[];
}

/** How many pixels wide *element* is; 0 until it is there. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const present = element.current;
    if (!present) return;
    const observer = new ResizeObserver(() => setWidth(present.clientWidth));
    observer.observe(present);
    setWidth(present.clientWidth);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** *events* within *span*, together where they would be less than a mark apart on a field of *width* pixels. */
function binned(events: LedgerEvent[], span: TimeSpan, width: number): Bin[] {
  const bins = new Map<number, Bin>();
  for (const event of events) {
    const share = (millis(event.time) - span.from) / (span.to - span.from);
    if (share < 0 || share > 1) continue;
    const place = Math.round((share * Math.max(width, 100)) / APART);
    const present = bins.get(place);
    if (present) present.events.push(event);
    else bins.set(place, { share, events: [event] });
  }
  return [...bins.values()];
}

function namesOf(events: LedgerEvent[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { event } of events) counts.set(event, (counts.get(event) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function described(events: LedgerEvent[], names: [string, number][]): string {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) return "";
  if (events.length === 1) return `${first.event} at ${clock(first.time)}`;
  const parts = names.slice(0, NAMED).map(([name, size]) => `${count(size)} ${name}`);
  const rest = names.length > NAMED ? `, ${counted(names.length - NAMED, "other type")}` : "";
  return `${counted(events.length, "event")} from ${clock(first.time)} to ${clock(last.time)}: ${parts.join(", ")}${rest}`;
}

// A mark for many is higher, by the digits of their number.
const heightOf = (size: number): number => (size === 1 ? 7 : Math.min(16, 8 + Math.round(Math.log10(size) * 4)));

interface Props {
  events: LedgerEvent[];
  span: TimeSpan;
  /** Of the field, in pixels. */
  width: number;
  /** Where the line that they stand on has its middle. */
  middle: number;
  /** Shares of the width which no mark leaves: else one at the end of a bar would lie on the next. */
  within?: { from: number; to: number };
  /** By the Tab key too: not where the bar leads to the same. */
  isReached?: boolean;
  onChoose(event: LedgerEvent): void;
}

export function Marks({ events, span, width, middle, within = WHOLE, isReached = true, onChoose }: Props) {
  return (
    <>
      {binned(events, span, width).map((bin) => {
        const names = namesOf(bin.events);
        const worst = bin.events.find((event) => severityNumber(event.severity) >= ERROR);
        const height = heightOf(bin.events.length);
        const text = described(bin.events, names);
        return (
          <button
            key={bin.share}
            type="button"
            class={`mark ${worst ? "bad" : `hue-${hueOfName(names[0]?.[0] ?? "")}`}`}
            style={{
              left: `clamp(${within.from * 100}% + 3px, ${bin.share * 100}%, ${within.to * 100}% - 4px)`,
              top: `${middle - height / 2}px`,
              height: `${height}px`,
            }}
            tabIndex={isReached ? 0 : -1}
            title={text}
            aria-label={text}
            onClick={() => onChoose(worst ?? (bin.events[0] as LedgerEvent))}
          />
        );
      })}
    </>
  );
}
