// The keys, and the filter language in a nutshell.

import { useEffect, useRef } from "preact/hooks";

const KEYS: [string, string][] = [
  ["/", "filter"],
  ["j  k  ↓  ↑", "next, previous event"],
  ["PgDn  PgUp", "a page of them"],
  ["Enter", "the newest event's details; in details, their buttons"],
  ["Esc", "close the details, the help; then follow again"],
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
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="Keys and help"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <h2>Keys</h2>
      <List pairs={KEYS} />
      <h2>Filters</h2>
      <List pairs={FILTERS} />
      <button type="button" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}
