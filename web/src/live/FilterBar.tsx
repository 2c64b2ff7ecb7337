// The filter, with completion of names, keys and values, and what is wrong with it.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { change } from "../state/route";
import { wordAt } from "../state/filter";
import { type Suggestion, suggest } from "./completion";
import { problem } from "./following";
import { filter } from "./store";

const FILTER_ID = "filter";
let isFocusWanted = false;

/** Put the cursor into the filter: at once, so that who types on loses no letter, or as soon as there is one. */
export function focusFilter(): boolean {
  const field = document.getElementById(FILTER_ID);
  field?.focus();
  isFocusWanted = !field;
  return field !== null;
}

interface Offer {
  suggestions: Suggestion[];
  /** Which one Enter takes; -1 for none: then it applies the filter as it stands. */
  chosen: number;
}

const NOTHING: Offer = { suggestions: [], chosen: -1 };

export function FilterBar() {
  const [text, setText] = useState(filter.value);
  const [offer, setOffer] = useState<Offer>(NOTHING);
  const input = useRef<HTMLInputElement>(null);
  /** What was asked and not answered yet; Tab takes the best of what comes. */
  const pending = useRef<{ takesBest: boolean } | null>(null);

  // Before anything more is typed: later, these would take it away.
  useLayoutEffect(() => setText(filter.value), [filter.value]);
  useLayoutEffect(() => {
    if (isFocusWanted) focusFilter();
  }, []);

  const ask = async (value: string, cursor: number): Promise<void> => {
    const mine = { takesBest: false };
    pending.current = mine;
    setOffer(({ suggestions }) => ({ suggestions, chosen: -1 }));
    const word = wordAt(value, cursor);
    const all = await suggest(word).catch(() => []); // without suggestions the filter can still be written
    if (mine !== pending.current) return;
    pending.current = null;
    const suggestions = all.filter((each) => each.text !== word.text);
    if (mine.takesBest && suggestions[0]) accept(suggestions[0]);
    else setOffer({ suggestions, chosen: -1 });
  };
  const close = (): void => {
    pending.current = null;
    setOffer(NOTHING);
  };
  const apply = (value: string): void => {
    close();
    const next = value.trim();
    if (next !== filter.value) problem.value = null; // the same one again is as wrong as before
    change({ filter: next, event: null });
  };
  const accept = (suggestion: Suggestion): void => {
    const field = input.current;
    if (!field) return;
    const present = field.value;
    const word = wordAt(present, field.selectionStart ?? present.length);
    const rest = present.slice(word.end);
    const next = present.slice(0, word.start) + suggestion.text + (suggestion.isOpen ? rest : ` ${rest.trimStart()}`);
    const cursor = next.length - rest.trimStart().length;
    field.value = next; // at once: what is typed next goes behind it
    field.setSelectionRange(cursor, cursor);
    setText(next);
    if (suggestion.isOpen) void ask(next, cursor);
    else close();
  };
  const move = (step: number): void => {
    const size = offer.suggestions.length;
    if (size)
      setOffer({ ...offer, chosen: (offer.chosen + step + size + (offer.chosen < 0 && step < 0 ? 1 : 0)) % size });
  };
  /** Tab completes what was begun, and elsewhere leads on. */
  const complete = (chosen: Suggestion | undefined): boolean => {
    const isBegun = wordAt(text, input.current?.selectionStart ?? text.length).text !== "";
    const best = chosen ?? (isBegun ? offer.suggestions[0] : undefined);
    if (pending.current && isBegun) pending.current.takesBest = true;
    else if (best) accept(best);
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chosen = offer.suggestions[offer.chosen];
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Tab") {
      if (event.shiftKey || !complete(chosen)) return;
    } else if (event.key === "Enter") chosen ? accept(chosen) : (apply(text), input.current?.blur());
    else if (event.key === "Escape") offer.suggestions.length ? close() : input.current?.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const isUnapplied = text.trim() !== filter.value;
  return (
    <div class="filter">
      <div class={`filter-field${problem.value ? " has-problem" : ""}`}>
        <span class="filter-sign" aria-hidden="true">
          /
        </span>
        <input
          ref={input}
          id={FILTER_ID}
          class="filter-input"
          type="text"
          role="combobox"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          placeholder='task.* persona=thesis quality>0.8 severity>=warn "timed out"'
          aria-label="Filter events"
          aria-expanded={offer.suggestions.length > 0}
          aria-controls="suggestions"
          aria-activedescendant={offer.chosen >= 0 ? `suggestion-${offer.chosen}` : undefined}
          aria-invalid={problem.value !== null}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            void ask(event.currentTarget.value, event.currentTarget.selectionStart ?? 0);
          }}
          onFocus={(event) => void ask(text, event.currentTarget.selectionStart ?? text.length)}
          onBlur={close}
          onKeyDown={onKeyDown}
        />
        {isUnapplied && <kbd class="filter-hint">Enter</kbd>}
        {(text || filter.value) && (
          <button
            type="button"
            class="icon-button"
            aria-label="Clear the filter"
            title="Clear the filter"
            onClick={() => (setText(""), apply(""))}
          >
            ×
          </button>
        )}
      </div>
      {offer.suggestions.length > 0 && (
        <ul id="suggestions" class="suggestions" role="listbox" aria-label="Suggestions">
          {offer.suggestions.map((each, index) => (
            <li
              key={each.text}
              id={`suggestion-${index}`}
              role="option"
              aria-selected={index === offer.chosen}
              onMouseDown={(event) => {
                event.preventDefault();
                accept(each);
              }}
            >
              <span class="suggestion-text">{each.text}</span>
              <span class="suggestion-hint">{each.hint}</span>
            </li>
          ))}
        </ul>
      )}
      <Problem text={text} />
    </div>
  );
}

function Problem({ text }: { text: string }) {
  const present = problem.value;
  if (!present) return null;
  const start = (present.column ?? 1) - 1;
  const end = Math.max(start + 1, wordAt(text, start).end);
  return (
    <div class="filter-problem" role="alert">
      {present.column !== null && (
        <pre aria-hidden="true">
          {text.slice(0, start)}
          <mark>{text.slice(start, end) || " "}</mark>
          {text.slice(end)}
        </pre>
      )}
      {present.column !== null && <span class="filter-column">column {present.column}: </span>}
      {present.text}
    </div>
  );
}
