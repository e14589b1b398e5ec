import type { ComponentChildren } from "preact";
import type { Row } from "../api/client";
import { parameter, setParameters } from "../router";
import { formatOrder, parseOrder, sorted } from "../sorting";
import { hinted } from "./hint";

export interface Column<R extends Row> {
  key: keyof R & string;
  name: string;
  show?: (row: R) => ComponentChildren;
  text?: boolean; // left, not right
  hint?: string; // what it means
}

export interface TableProperties<R extends Row> {
  rows: R[];
  columns: Column<R>[];
  caption: string;
  /** What a row is known by, so that a reader's place stays with it when others come. */
  rowKey?: keyof R & string;
  /** Which of a page's tables it is, in the address: sort.NAME=…; the main one has no name. */
  name?: string;
}

/** A table that its reader can sort by any column; the address has the order. */
export function Table<R extends Row>({ rows, columns, caption, rowKey, name }: TableProperties<R>) {
  const inAddress = name ? `sort.${name}` : "sort";
  const order = parseOrder(parameter(inAddress), columns);
  const sortBy = (column: Column<R>) => {
    const falling = order?.key === column.key ? !order.falling : !column.text;
    setParameters({ [inAddress]: formatOrder({ key: column.key, falling }, columns) }, "not");
  };
  const state = (key: string) =>
    order?.key === key ? (order.falling ? "descending" : "ascending") : "none";
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                class={column.text ? "text" : ""}
                aria-sort={state(column.key)}
              >
                <button
                  type="button"
                  class={column.hint ? "term" : ""}
                  onClick={() => sortBy(column)}
                  {...hinted(column.hint)}
                >
                  {column.name}
                  <span aria-hidden="true">
                    {order?.key === column.key ? (order.falling ? " ↓" : " ↑") : ""}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(order ? sorted(rows, order) : rows).map((row, index) => (
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
