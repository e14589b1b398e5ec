import { describe, expect, it } from "vitest";
import { dayMs, hourMs, minuteMs } from "./buckets";
import {
  defaultChoice,
  parseChoice,
  parseMoment,
  resolve,
  spanName,
  type Choice,
} from "./time_range";

const at = (text: string) => Date.parse(text);
const choiceOf = (query: string, zone = "UTC") => parseChoice(new URLSearchParams(query), zone);
const last = (ms: number): Choice => ({ kind: "last", ms });

describe("spanName", () => {
  it.each([
    ["15m", "15 minutes"],
    ["1h", "hour"],
    ["7d", "7 days"],
    ["soon", "soon"],
  ])("of %s is %s", (text, name) => {
    expect(spanName(text)).toBe(name);
  });
});

describe("parseMoment", () => {
  it("reads a date as its beginning, or as its end", () => {
    expect(parseMoment("2026-10-25", "Europe/Berlin", false)).toBe(at("2026-10-24T22:00:00Z"));
    expect(parseMoment("2026-10-25", "Europe/Berlin", true)).toBe(at("2026-10-25T23:00:00Z"));
  });
  it("reads a time of the zone's clocks", () => {
    expect(parseMoment("2026-10-01T21:00", "Asia/Tokyo", true)).toBe(at("2026-10-01T12:00:00Z"));
    expect(parseMoment("2026-10-01T21:00:30", "Asia/Tokyo", false)).toBe(
      at("2026-10-01T12:00:30Z"),
    );
  });
  it.each([
    "",
    "2026-02-30",
    "2026-10-1",
    "2026-10-01T9:00",
    "2026-10-01T24:30",
    "1969-01-01",
    "x2026-10-01",
  ])("refuses %j", (text) => {
    expect(parseMoment(text, "UTC", false)).toBeNull();
  });
  it("accepts the leap day of a leap year only", () => {
    expect(parseMoment("2024-02-29", "UTC", false)).toBe(at("2024-02-29T00:00:00Z"));
    expect(parseMoment("2025-02-29", "UTC", false)).toBeNull();
  });
});

describe("parseChoice", () => {
  it.each([
    ["range=15m", last(15 * minuteMs)],
    ["range=7d", last(7 * dayMs)],
    ["range=all", { kind: "all" }],
    ["", null],
    ["range=0d", null],
    ["range=soon", null],
    ["range=3661d", null],
    ["range=1000000m", null],
    ["from=&to=x", null],
  ] as const)("reads %j", (query, choice) => {
    expect(choiceOf(query)).toEqual(choice);
  });
  it("reads bounds, of which either may be absent", () => {
    const from = at("2019-10-01T00:00:00Z");
    const to = at("2019-10-03T00:00:00Z");
    expect(choiceOf("from=2019-10-01&to=2019-10-02")).toEqual({ kind: "between", from, to });
    expect(choiceOf("from=2019-10-01")).toEqual({ kind: "between", from, to: null });
    expect(choiceOf("to=2019-10-02&from=x")).toEqual({ kind: "between", from: null, to });
  });
  it("prefers bounds to a span", () => {
    expect(choiceOf("range=7d&from=2019-10-01")?.kind).toBe("between");
  });
});

describe("resolve", () => {
  const now = at("2026-06-10T12:34:20Z");
  const first = at("2026-01-01T00:00:00Z");
  const known = { now, first, last: now - 5000 };

  it("ends a span with the present minute", () => {
    const range = resolve(defaultChoice, known, "UTC");
    expect(range).toMatchObject({ grain: "minute", endsWithData: null });
    expect([range.from, range.to]).toEqual([
      at("2026-06-10T11:35:00Z"),
      at("2026-06-10T12:35:00Z"),
    ]);
  });

  it("ends a span with the newest data where the span up to now has none", () => {
    const newest = at("2026-06-09T10:20:30Z");
    const range = resolve(last(hourMs), { ...known, last: newest }, "UTC");
    expect(range.endsWithData).toBe(newest);
    expect([range.from, range.to]).toEqual([
      at("2026-06-09T09:21:00Z"),
      at("2026-06-09T10:21:00Z"),
    ]);
  });

  it("does not end a span with older data where the span has some", () => {
    const range = resolve(last(dayMs), { ...known, last: now - 2 * hourMs }, "UTC");
    expect(range.endsWithData).toBeNull();
    expect(range.to).toBe(at("2026-06-10T13:00:00Z"));
  });

  it("takes whole buckets of the grain", () => {
    const range = resolve(last(7 * dayMs), known, "Europe/Berlin");
    expect(range.grain).toBe("hour");
    expect(range.from % hourMs).toBe(0);
    expect(range.to % hourMs).toBe(0);
    const month = resolve(last(30 * dayMs), known, "Europe/Berlin");
    expect(month.grain).toBe("day");
    expect(month.from).toBe(at("2026-05-10T22:00:00Z"));
    expect(month.to).toBe(at("2026-06-10T22:00:00Z"));
  });

  it("chooses the grain by the data and not by the range", () => {
    const young = { now, first: now - hourMs, last: now };
    expect(resolve(last(30 * dayMs), young, "UTC").grain).toBe("minute");
  });

  it("limits the filled part to where data may be", () => {
    const young = { now, first: at("2026-06-10T10:00:30Z"), last: at("2026-06-10T12:30:10Z") };
    const range = resolve(last(dayMs), young, "UTC");
    expect([range.dataFrom, range.dataTo]).toEqual([young.first, at("2026-06-10T12:31:00Z")]);
  });

  it("shows all data", () => {
    const range = resolve({ kind: "all" }, { now, first, last: at("2026-06-01T08:00:00Z") }, "UTC");
    expect([range.from, range.to]).toEqual([first, at("2026-06-02T00:00:00Z")]);
  });

  it("fills in the bound that is absent", () => {
    const from = at("2026-06-10T11:00:00Z");
    expect(resolve({ kind: "between", from, to: null }, known, "UTC").to).toBe(
      at("2026-06-10T12:35:00Z"),
    );
    expect(resolve({ kind: "between", from: null, to: first + hourMs }, known, "UTC").from).toBe(
      first,
    );
  });

  it.each([
    ["a span", last(hourMs)],
    ["all data", { kind: "all" }],
    ["an open range", { kind: "between", from: null, to: null }],
  ] as const)("is a range without any data, too: %s", (_, choice) => {
    const range = resolve(choice, { now, first: null, last: null }, "UTC");
    expect(range.from).toBeGreaterThanOrEqual(0);
    expect(range.to).toBeGreaterThan(range.from);
    expect(range.dataTo).toBeGreaterThanOrEqual(range.dataFrom);
    expect(range.endsWithData).toBeNull();
  });

  it("has no part with data in a range of the future", () => {
    const from = now + dayMs;
    const range = resolve({ kind: "between", from, to: from + hourMs }, known, "UTC");
    expect(range.dataTo).toBe(range.dataFrom);
  });

  it("does not begin before 1970", () => {
    const range = resolve(
      { kind: "between", from: 0, to: 30 * dayMs },
      { now, first: null, last: null },
      "Asia/Tokyo",
    );
    expect(range.from).toBe(0);
  });
});
