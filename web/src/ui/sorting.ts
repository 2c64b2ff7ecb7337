// The order of a table's rows, as the address says it: `count` upwards, `-count` downwards.

export type Sortable = string | number | null | undefined;

export interface Order {
  key: string;
  direction: "up" | "down";
}

export function orderOf(text: string): Order | null {
  if (!text) return null;
  return text.startsWith("-") ? { key: text.slice(1), direction: "down" } : { key: text, direction: "up" };
}

/** What the next press on the head of *key* means: numbers begin with the largest, texts with A; the third undoes it. */
export function nextOrder(key: string, present: Order | null, isNumber: boolean): string | null {
  const first = isNumber ? "down" : "up";
  if (present && present.direction !== first) return null;
  const next = present ? (first === "up" ? "down" : "up") : first;
  return next === "down" ? `-${key}` : key;
}

const isNothing = (value: Sortable): boolean => value === null || value === undefined || value === "";

function compared(one: Sortable, other: Sortable): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}

/** *rows* in *order*; those that have nothing there come last, whichever way. */
export function sorted<T>(
  rows: readonly T[],
  by: ((row: T) => Sortable) | undefined,
  order: Order | null,
): readonly T[] {
  if (!by || !order) return rows;
  const sign = order.direction === "up" ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [one, other] = [by(a), by(b)];
    if (isNothing(one) || isNothing(other)) return Number(isNothing(one)) - Number(isNothing(other));
    return sign * compared(one, other);
  });
}
