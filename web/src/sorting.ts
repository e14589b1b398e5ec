// The order of a table's rows, and its form in the address. sort=revenue sorts numbers in falling
// and texts in rising order; sort=revenue.rising names the direction.

export interface Order {
  key: string;
  falling: boolean;
}

/** Reads an order. Null if the text does not name one of the columns. */
export function parseOrder(text: string, columns: { key: string; text?: boolean }[]): Order | null {
  const [, key, direction] = /^(.*?)(?:\.(falling|rising))?$/s.exec(text) ?? [];
  const column = columns.find((each) => each.key === key);
  if (!column) return null;
  return {
    key: column.key,
    falling: direction === "falling" || (direction !== "rising" && !column.text),
  };
}

export function formatOrder(order: Order, columns: { key: string; text?: boolean }[]): string {
  const usual = parseOrder(order.key, columns);
  return usual?.falling === order.falling
    ? order.key
    : `${order.key}.${order.falling ? "falling" : "rising"}`;
}

function compare(a: unknown, b: unknown): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? String(a).localeCompare(String(b)) : x - y;
}

/** The rows in an order. Rows without a value come last in both directions. */
export function sorted<R extends Record<string, unknown>>(rows: R[], { key, falling }: Order): R[] {
  const absent = (row: R) => row[key] === null || row[key] === undefined;
  return [...rows].sort((a, b) => {
    if (absent(a) || absent(b)) return Number(absent(a)) - Number(absent(b));
    return compare(a[key], b[key]) * (falling ? -1 : 1);
  });
}
