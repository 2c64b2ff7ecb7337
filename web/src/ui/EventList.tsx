// A short list of events, each of which opens its details.

import type { LedgerEvent } from "../api/types";
import { clock } from "../format";
import { level } from "../severity";
import { hueOfName } from "../state/catalogue";
import { change } from "../state/route";
import { lineOf } from "./text";

export function EventList({ events, selected }: { events: LedgerEvent[]; selected?: number }) {
  return (
    <ol class="event-list">
      {events.map((event) => (
        <li key={event.seq}>
          <button
            type="button"
            class={`event-line level-${level(event.severity)}`}
            aria-current={event.seq === selected}
            onClick={() => change({ event: String(event.seq) })}
          >
            <span class="row-time">{clock(event.time)}</span>
            <span class={`row-name hue-${hueOfName(event.event)}`}>{event.event}</span>
            <span class="row-message">
              {lineOf(event).message && <span>{lineOf(event).message}</span>}
              <span class="row-details">{lineOf(event).details}</span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
