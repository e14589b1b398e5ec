import type { ComponentChildren } from "preact";
import type { Row } from "../api/client";
import { parameter, setParameters } from "../router";
import { formatOrder, parseOrder, sorted } from "../sorting";
import { hinted } from "./hint";

export interface Column<R extends Row> {
  key: keyof R & string;
  name: string;
  show?: (row: R) => ComponentChildren;
  text?: boolean; // Aligned to the left, and sorted in rising order first.
  hint?: string; // The definition of the column.
}

export interface TableProperties<R extends Row> {
  rows: R[];
  columns: Column<R>[];
  caption: string;
  /** The column that identifies a row, so that the focus stays in its row when the rows change. */
  rowKey?: keyof R & string;
  /**
   * The table's name in the address, where its order is sort.NAME=…. The main table of a page has
   * no name.
   */
  name?: string;
}

/** A table that the user can sort by any column. The address keeps the order. */
export function Table<R extends Row>({ rows, columns, caption, rowKey, name }: TableProperties<R>) {
  const inAddress = name ? `sort.${name}` : "sort";
  const order = parseOrder(parameter(inAddress), columns);
  const sortBy = (column: Column<R>) => {
    const falling = order?.key === column.key ? !order.falling : !column.text;
    setParameters({ [inAddress]: formatOrder({ key: column.key, falling }, columns) }, "replace");
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
