// What the live list does at present, in words, and the switches for it.

import { count, counted } from "../format";
import { change } from "../state/route";
import { exportAddress } from "../api/client";
import { isNarrow } from "../state/screen";
import { filter, held, isPaused, notSent, pause, received, resume, rollsUp, shownRows, status, version } from "./store";

export function Toolbar() {
  void version.value;
  const isHeld = held.value !== null;
  return (
    <div class="toolbar">
      <button
        type="button"
        class={isPaused.value ? "is-on" : ""}
        aria-pressed={isPaused.value}
        title="Space"
        onClick={() => (isPaused.value ? resume() : pause())}
      >
        {isPaused.value ? "▶ Resume" : "❚❚ Pause"}
      </button>
      <label class="switch">
        <input
          type="checkbox"
          checked={rollsUp.value}
          onChange={(event) => change({ rollup: event.currentTarget.checked ? null : "off" }, { replace: true })}
        />
        {isNarrow.value ? "Count frequent" : "Count frequent types"}
      </label>
      <span class="toolbar-state">
        {status.value === "open" && !isHeld && <span class="state-live">Following</span>}
        {isHeld && <span class="state-held">{isPaused.value ? "Paused" : "Standing still"}</span>}
        {status.value !== "open" && (
          <span class="state-lost">{status.value === "lost" ? "Connection lost, trying again" : "Connecting"}</span>
        )}
        <span class="faint">
          {" "}
          {counted(shownRows().length, "row")} · {counted(received.value, "event")} since opened
          {notSent.value > 0 && <span class="warn"> · {count(notSent.value)} not sent</span>}
        </span>
      </span>
      <span class="toolbar-export">
        <a class="button" href={exportAddress(filter.value, "jsonl")} download="events.jsonl">
          JSONL
        </a>
        <a class="button" href={exportAddress(filter.value, "zip")} download="events.zip">
          Zip
        </a>
      </span>
    </div>
  );
}
