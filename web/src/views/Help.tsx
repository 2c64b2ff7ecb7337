// The keys, and the filter language in a nutshell.

import { useLayoutEffect, useRef } from "preact/hooks";
import { Sending } from "../live/Sending";

const KEYS: [string, string][] = [
  ["/", "the filter, or the search of the view"],
  ["j  k  ↓  ↑", "next, previous event; in tables, j and k: row"],
  ["PgDn  PgUp", "a page of them"],
  ["Enter", "the newest event's details; in details, their buttons; in tables, choose the row"],
  ["Esc", "close the details, the help; then follow again"],
  ["→  ←", "each event that a row counts; count them again"],
  ["e  E", "next, previous error"],
  ["Space", "pause and go on"],
  ["G", "to the newest, and follow"],
  ["1 … 8", "the views"],
  ["?", "this"],
];

const FILTERS: [string, string][] = [
  ["task.*", "by name; * ? [abc] as in names of files"],
  ["persona=thesis cycle>=3", "attributes; all of it must hold"],
  ["severity>=warn", "by severity"],
  ['"timed out"', "a text anywhere in the event"],
  ["task.*, alert.*", "one or the other"],
  ["-epoch.*", "without these"],
];

function List({ pairs }: { pairs: [string, string][] }) {
  return (
    <dl class="help-list">
      {pairs.map(([term, meaning]) => (
        <div key={term}>
          <dt>
            <kbd>{term}</kbd>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Help({ onClose }: { onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  // At once: the key after `?` is the help's.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="Keys and help"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      {/* First, so that it has the focus: no key that is pressed by chance sends anything. */}
      <button
        type="button"
        class="icon-button help-close"
        aria-label="Close the help"
        title="Close (Esc)"
        onClick={onClose}
      >
        ×
      </button>
      <h2>Keys</h2>
      <List pairs={KEYS} />
      <h2>Filters</h2>
      <List pairs={FILTERS} />
      <h2>Send events</h2>
      <Sending onSent={onClose} />
    </dialog>
  );
}
