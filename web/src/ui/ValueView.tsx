// A value of any kind: scalars in one line, long texts folded, mappings and arrays as a tree.

import { useState } from "preact/hooks";
import { count } from "../format";
import { asText, Exact, isMapping, untagged, type Value } from "./exact";

const FOLDED = 160;
const FOLDED_LINES = 3;
const OPEN_DEPTH = 2;

export function ValueView({ value, depth = 0 }: { value: Value; depth?: number }) {
  const { kind, value: plain } = untagged(value);
  if (typeof plain === "string" && kind !== "double" && kind !== "int") return <TextView text={plain} />;
  if (Array.isArray(plain) || isMapping(plain)) return <Tree value={plain} depth={depth} />;
  return <span class={`value value-${kind}`}>{asText(plain)}</span>;
}

export function TextView({ text }: { text: string }) {
  const lines = text.split("\n");
  const isLong = text.length > FOLDED || lines.length > FOLDED_LINES;
  const [isOpen, setOpen] = useState(false);
  if (!isLong) return <span class="value value-string">{text || <i class="faint">empty</i>}</span>;
  const shown = isOpen ? text : `${lines.slice(0, FOLDED_LINES).join("\n").slice(0, FOLDED)} …`;
  return (
    <span class="value value-string value-long">
      {shown}{" "}
      <button
        type="button"
        class="link"
        aria-expanded={isOpen}
        onClick={(event) => (event.stopPropagation(), setOpen(!isOpen))}
      >
        {isOpen ? "fold" : `all ${count(text.length)} characters`}
      </button>
    </span>
  );
}

function Tree({ value, depth }: { value: Value[] | { [key: string]: Value }; depth: number }) {
  const entries = Array.isArray(value)
    ? value.map((each, index): [string, Value] => [`${index}`, each])
    : Object.entries(value);
  if (entries.length === 0) return <span class="value faint">{Array.isArray(value) ? "[]" : "{}"}</span>;
  if (
    Array.isArray(value) &&
    value.every((each) => each === null || typeof each !== "object" || each instanceof Exact) &&
    entries.length <= 12
  ) {
    return <span class="value">[{value.map(asText).join(", ")}]</span>;
  }
  return (
    <details class="tree" open={depth < OPEN_DEPTH}>
      <summary>
        {Array.isArray(value)
          ? `${entries.length} items`
          : `${entries.length} ${entries.length === 1 ? "key" : "keys"}`}
      </summary>
      <dl>
        {entries.map(([key, each]) => (
          <div key={key} class="tree-entry">
            <dt>{key}</dt>
            <dd>
              <ValueView value={each} depth={depth + 1} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
