// Values as the program wrote them: JSON.parse alone rounds large integers and turns 1.0 into 1.

/** A number with the digits that stand in the text. */
export class Exact {
  constructor(readonly source: string) {}

  get isInteger(): boolean {
    return /^-?\d+$/.test(this.source);
  }
}

export type Value = string | boolean | null | Exact | Value[] | { [key: string]: Value };

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

export function parseExactly(text: string): Value {
  const revive: Reviver = (_, value, context) =>
    typeof value === "number" ? new Exact(context?.source ?? String(value)) : value; // older browsers: rounded
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as Value;
}

export const isMapping = (value: Value | undefined): value is { [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Exact);

const TAGS: Record<string, string> = {
  bytesValue: "bytes",
  doubleValue: "double",
  intValue: "int",
  kvlistValue: "map",
};

/** What a tagged value of the ledger holds; others come back as they are. */
export function untagged(value: Value): { kind: string; value: Value } {
  if (isMapping(value)) {
    const [key, ...more] = Object.keys(value);
    const kind = key && more.length === 0 ? TAGS[key] : undefined;
    if (key && kind) return { kind, value: value[key] ?? null };
  }
  return { kind: kindOf(value), value };
}

function kindOf(value: Value): string {
  if (value === null) return "null";
  if (value instanceof Exact) return value.isInteger ? "int" : "double";
  if (Array.isArray(value)) return "array";
  if (typeof value === "object") return "map";
  return typeof value === "boolean" ? "boolean" : "string";
}

/** Text for copying and filtering: what the value reads as. */
export function asText(value: Value): string {
  const plain = untagged(value).value;
  if (plain instanceof Exact) return plain.source;
  return typeof plain === "string"
    ? plain
    : JSON.stringify(plain, (_, each: unknown) => (each instanceof Exact ? Number(each.source) : each));
}
