// Why nothing is to be seen, and what to do about it.

import { getHealth } from "../api/client";
import { counted } from "../format";
import { change } from "../state/route";
import { Ledger } from "../ui/Ledger";
import { Rebuilding } from "../ui/Rebuilding";
import { usePolled } from "../ui/polled";
import { Sending } from "./Sending";
import { hintsOn } from "./hints";
import { isUnreadable, status } from "./following";

export function EmptyState({ filter }: { filter: string }) {
  if (isUnreadable.value)
    return (
      <div class="empty">
        <Unreadable />
      </div>
    );
  return <div class="empty">{filter ? <Hidden filter={filter} /> : <Nothing />}</div>;
}

function Unreadable() {
  return (
    <>
      <h2>This filter cannot be read</h2>
      <p>
        What is wrong with it stands above. The key <kbd>?</kbd> shows what may be written.
      </p>
    </>
  );
}

function Hidden({ filter }: { filter: string }) {
  const { data } = usePolled("stored", getHealth, 5000);
  const hints = usePolled(`hints-${filter}`, () => hintsOn(filter)).data ?? [];
  const stored = data?.stored.events;
  return (
    <>
      <h2>No event fits this filter</h2>
      <p>
        {stored === 0
          ? "The server keeps no event yet"
          : stored === undefined
            ? "The server has looked through all that it keeps"
            : `The server keeps ${counted(stored, "event")}, and looked through all of them`}
        : none fits <code>{filter}</code>. New ones that fit appear here by themselves.
      </p>
      {hints.map((hint) => (
        <p key={hint} class="hint">
          {hint}
        </p>
      ))}
      <p class="faint">
        Words with spaces between them must all hold; commas part alternatives. Names are compared whole:{" "}
        <code>task</code> is not <code>task.started</code>, <code>task.*</code> is.
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => change({ filter: null })}>
          Show all events
        </button>
      </div>
    </>
  );
}

function Nothing() {
  const { data } = usePolled("stored", getHealth, 5000);
  return (
    <>
      <h2>No events yet</h2>
      {data && <Ledger health={data} />}
      {data && <Rebuilding index={data.index} />}
      {status.value === "lost" ? (
        <p>There is no connection to the server: events appear here once it is back.</p>
      ) : (
        <p>Send one, and it appears here within a tenth of a second. Anything that speaks OTLP will do.</p>
      )}
      <Sending />
    </>
  );
}
