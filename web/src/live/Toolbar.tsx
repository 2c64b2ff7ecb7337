// What the live list does at present, in words, and the switches for it.

import { useEffect, useState } from "preact/hooks";
import { count, counted } from "../format";
import { change } from "../state/route";
import { exportAddress } from "../api/client";
import { isNarrow } from "../state/screen";
import { version } from "./drawing";
import { isUnreadable, status, tryAgainAt, tryNow } from "./following";
import { pause, resume } from "./holding";
import { filter, held, isPaused, notSent, received, rollsUp, shownRows, waiting } from "./store";

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
        {isUnreadable.value ? (
          <span class="state-lost">This filter cannot be read</span>
        ) : (
          <>
            {status.value === "open" && !isHeld && <span class="state-live">Following</span>}
            {isHeld && <Offer />}
            {status.value !== "open" && <NotFollowing />}
          </>
        )}
        <span class="faint">
          {" "}
          {counted(shownRows().length, "row")} · {counted(received.value, "event")} since opened
          {notSent.value > 0 && <span class="warn"> · {count(notSent.value)} not sent</span>}
        </span>
      </span>
      <span class="toolbar-export">
        <Export format="jsonl" name="JSONL" />
        <Export format="zip" name="Zip" />
      </span>
    </div>
  );
}

function Export({ format, name }: { format: "jsonl" | "zip"; name: string }) {
  // A link that leads nowhere: what a filter lets through that cannot be read, nobody can say.
  const target = isUnreadable.value ? undefined : exportAddress(filter.value, format);
  return (
    <a
      class="button"
      role="link"
      aria-disabled={isUnreadable.value}
      {...(target ? { href: target, download: `events.${format}` } : {})}
    >
      {name}
    </a>
  );
}

/** What waits, offered and not forced. */
function Offer() {
  return (
    <button type="button" class="offer" onClick={resume}>
      {isPaused.value ? "Paused" : "Standing still"} · {counted(waiting.value, "new event")}
      <b>Resume live</b>
      <kbd>Space</kbd>
    </button>
  );
}

/** Why nothing new comes, and when that may change. */
function NotFollowing() {
  if (status.value === "connecting") return <span class="state-lost">Connecting</span>;
  if (status.value === "idle") return <span class="state-lost">Not following</span>;
  return <Lost />;
}

function Lost() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((tryAgainAt.value - now) / 1000);
  return (
    <>
      <span class="state-lost">Connection lost, {seconds > 1 ? `trying again in ${seconds} s` : "trying again"}</span>{" "}
      {seconds > 1 && (
        <button type="button" class="link" onClick={tryNow}>
          Try now
        </button>
      )}
    </>
  );
}
