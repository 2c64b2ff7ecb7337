// A table with a head that stays, whose rows may be chosen.

import type { ComponentChildren } from "preact";
import { ScrollFrame } from "./ScrollFrame";

export interface Column<T> {
  key: string;
  head: ComponentChildren;
  cell(row: T): ComponentChildren;
  isNumber?: boolean;
  /** Takes the room that is left. */
  isWide?: boolean;
}

interface Props<T> {
  rows: readonly T[];
  columns: Column<T>[];
  label: string;
  id(row: T): string;
  onChoose?(row: T): void;
  chosen?: string;
  /** It scrolls by itself, so that what comes after it stays near. */
  isBounded?: boolean;
  /** What stands beneath the row, over all columns. */
  below?(row: T): ComponentChildren;
}

export function Table<T>({ rows, columns, label, id, onChoose, chosen, isBounded, below }: Props<T>) {
  return (
    <ScrollFrame label={label} class={isBounded ? "is-bounded" : ""}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={column.isNumber ? "number" : ""}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
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
