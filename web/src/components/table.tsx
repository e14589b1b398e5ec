import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Row } from "../api/client";

export interface Column<R extends Row> {
  key: keyof R & string;
  name: string;
  show?: (row: R) => ComponentChildren;
  text?: boolean; // left, not right
}

export interface TableProperties<R extends Row> {
  rows: R[];
  columns: Column<R>[];
  caption: string;
  /** What a row is known by, so that a reader's place stays with it when others come. */
  rowKey?: keyof R & string;
}

function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? String(a).localeCompare(String(b)) : x - y;
}

/** A table that its reader can sort by any column. */
export function Table<R extends Row>({ rows, columns, caption, rowKey }: TableProperties<R>) {
  const [sort, setSort] = useState<{ key: string; down: boolean } | null>(null);
  const sorted = sort ? [...rows].sort((a, b) => compare(a[sort.key], b[sort.key]) * (sort.down ? -1 : 1)) : rows;
  const order = (key: string) => (sort?.key === key ? (sort.down ? "descending" : "ascending") : "none");
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={column.text ? "text" : ""} aria-sort={order(column.key)}>
                <button type="button" onClick={() => setSort({ key: column.key, down: sort?.key === column.key ? !sort.down : !column.text })}>
                  {column.name}
                  <span aria-hidden="true">{sort?.key === column.key ? (sort.down ? " ↓" : " ↑") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row, index) => (
            <tr key={rowKey ? String(row[rowKey]) : index}>
              {columns.map((column) => (
                <td key={column.key} class={column.text ? "text" : ""}>
                  {column.show ? column.show(row) : String(row[column.key] ?? "–")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
