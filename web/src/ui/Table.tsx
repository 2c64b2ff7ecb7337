// A table with a head that stays, whose rows may be chosen.

import type { ComponentChildren } from "preact";
import { change, parameter } from "../state/route";
import { ScrollFrame } from "./ScrollFrame";
import { nextOrder, type Order, orderOf, type Sortable, sorted } from "./sorting";

export interface Column<T> {
  key: string;
  head: ComponentChildren;
  cell(row: T): ComponentChildren;
  /** What rows are sorted by when somebody presses the column's head. */
  by?(row: T): Sortable;
  isNumber?: boolean;
  /** Takes the room that is left. */
  isWide?: boolean;
}

interface Props<T> {
  rows: readonly T[];
  columns: Column<T>[];
  label: string;
  id(row: T): string;
  /** Where the address says by which column it is sorted; two tables of one view need two names. */
  order?: string;
  onChoose?(row: T): void;
  chosen?: string;
  /** It scrolls by itself, so that what comes after it stays near. */
  isBounded?: boolean;
  /** What stands beneath the row, over all columns. */
  below?(row: T): ComponentChildren;
}

export function Table<T>(props: Props<T>) {
  const { rows, columns, label, id, order = "sort", onChoose, chosen, isBounded, below } = props;
  const present = orderOf(parameter(order));
  return (
    <ScrollFrame label={label} class={isBounded ? "is-bounded" : ""}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head
                key={column.key}
                column={column}
                order={present?.key === column.key ? present : null}
                onSort={(next) => change({ [order]: next }, { replace: true })}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(rows, columns.find((each) => each.key === present?.key)?.by, present).map((row) => {
            const key = id(row);
            const more = below?.(row);
            return [
              <tr
                key={key}
                class={onChoose ? "is-choosable" : ""}
                aria-selected={onChoose ? key === chosen : undefined}
                tabIndex={onChoose ? 0 : undefined}
                onClick={() => onChoose?.(row)}
                onKeyDown={(event) => {
                  if (event.key === "Enter" && event.target === event.currentTarget) onChoose?.(row);
                }}
              >
                {columns.map((column) => (
                  <td key={column.key} class={`${column.isNumber ? "number" : ""}${column.isWide ? " wide" : ""}`}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>,
              more && (
                <tr key={`${key}-below`} class="below">
                  <td colSpan={columns.length}>{more}</td>
                </tr>
              ),
            ];
          })}
        </tbody>
      </table>
    </ScrollFrame>
  );
}

interface HeadProps<T> {
  column: Column<T>;
  /** How the rows are sorted by it; null if they are not. */
  order: Order | null;
  onSort(order: string | null): void;
}

const ARIA = { up: "ascending", down: "descending" } as const;

function Head<T>({ column, order, onSort }: HeadProps<T>) {
  const { head, isNumber = false } = column;
  if (!column.by)
    return (
      <th scope="col" class={isNumber ? "number" : ""}>
        {head}
      </th>
    );
  return (
    <th scope="col" class={isNumber ? "number" : ""} aria-sort={order ? ARIA[order.direction] : "none"}>
      <button type="button" class="sorter" onClick={() => onSort(nextOrder(column.key, order, isNumber))}>
        {head}
        <i class="sorter-sign" aria-hidden="true" />
      </button>
    </th>
  );
}
