import { describe, expect, it } from "vitest";
import { formatOrder, parseOrder, sorted } from "./sorting";

const columns = [{ key: "name", text: true }, { key: "views" }, { key: "a.falling" }];

describe("parseOrder", () => {
  it.each([
    ["views", { key: "views", falling: true }],
    ["name", { key: "name", falling: false }],
    ["views.rising", { key: "views", falling: false }],
    ["name.falling", { key: "name", falling: true }],
    ["a.falling.rising", { key: "a.falling", falling: false }],
    ["unknown", null],
    ["views.sideways", null],
    ["", null],
  ])("reads %j", (text, order) => {
    expect(parseOrder(text, columns)).toEqual(order);
  });
});

describe("formatOrder", () => {
  it("leaves out the usual direction of a column", () => {
    expect(formatOrder({ key: "views", falling: true }, columns)).toBe("views");
    expect(formatOrder({ key: "name", falling: false }, columns)).toBe("name");
  });
  it("is read back", () => {
    for (const key of ["name", "views"])
      for (const falling of [true, false]) {
        const order = { key, falling };
        expect(parseOrder(formatOrder(order, columns), columns)).toEqual(order);
      }
  });
});

describe("sorted", () => {
  const values = (rows: { v?: unknown }[]) => rows.map((row) => row.v);

  it("compares numbers as numbers, also exact decimals in strings", () => {
    const rows = [{ v: "9.5000" }, { v: "100.2500" }, { v: "-3.0000" }];
    expect(values(sorted(rows, { key: "v", falling: true }))).toEqual([
      "100.2500",
      "9.5000",
      "-3.0000",
    ]);
  });
  it("compares texts by the alphabet", () => {
    const rows = [{ v: "b" }, { v: "Ä" }, { v: "a" }];
    expect(values(sorted(rows, { key: "v", falling: false }))).toEqual(["a", "Ä", "b"]);
  });
  it.each([true, false])("puts missing values last (falling: %s)", (falling) => {
    const rows = [{ v: null }, { v: 1 }, {}, { v: 2 }];
    expect(values(sorted(rows, { key: "v", falling })).slice(2)).toEqual([null, undefined]);
  });
  it("keeps the order of equal rows and does not change its argument", () => {
    const rows = [
      { v: 1, id: "a" },
      { v: 2, id: "b" },
      { v: 1, id: "c" },
    ];
    const made = sorted(rows, { key: "v", falling: false });
    expect(made.map((row) => row.id)).toEqual(["a", "c", "b"]);
    expect(rows.map((row) => row.id)).toEqual(["a", "b", "c"]);
  });
});
