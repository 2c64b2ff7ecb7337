// The filter, with completion of names, keys and values, and what is wrong with it.

import { useEffect, useRef, useState } from "preact/hooks";
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
  const asked = useRef(0);

  useEffect(() => setText(filter.value), [filter.value]);
  useEffect(() => {
    if (isFocusWanted) focusFilter();
  }, []);

  const ask = async (value: string, cursor: number): Promise<void> => {
    const mine = ++asked.current;
    const word = wordAt(value, cursor);
    const suggestions = await suggest(word).catch(() => []); // without suggestions the filter can still be written
    if (mine === asked.current)
      setOffer({ suggestions: suggestions.filter((each) => each.text !== word.text), chosen: -1 });
  };
  const close = (): void => {
    asked.current += 1;
    setOffer(NOTHING);
  };
  const apply = (value: string): void => {
    close();
    problem.value = null;
    change({ filter: value.trim(), event: null });
  };
  const accept = (suggestion: Suggestion): void => {
    const word = wordAt(text, input.current?.selectionStart ?? text.length);
    const rest = text.slice(word.end);
    const next = text.slice(0, word.start) + suggestion.text + (suggestion.isOpen ? rest : ` ${rest.trimStart()}`);
    const cursor = next.length - rest.trimStart().length;
    setText(next);
    requestAnimationFrame(() => input.current?.setSelectionRange(cursor, cursor));
    if (suggestion.isOpen) void ask(next, cursor);
    else close();
  };
  const move = (step: number): void => {
    const size = offer.suggestions.length;
    if (size)
      setOffer({ ...offer, chosen: (offer.chosen + step + size + (offer.chosen < 0 && step < 0 ? 1 : 0)) % size });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chosen = offer.suggestions[offer.chosen];
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Tab" && offer.suggestions[0] && !event.shiftKey) accept(chosen ?? offer.suggestions[0]);
    else if (event.key === "Enter") chosen ? accept(chosen) : (apply(text), input.current?.blur());
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
