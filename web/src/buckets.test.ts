import { describe, expect, it } from "vitest";
import {
  bucketEnd,
  bucketsBetween,
  bucketStart,
  dayMs,
  filled,
  grainFor,
  hourMs,
  minuteMs,
  roundUp,
} from "./buckets";

const at = (text: string) => Date.parse(text);

describe("grainFor", () => {
  it.each([
    [0, "minute"],
    [6 * hourMs, "minute"],
    [6 * hourMs + 1, "hour"],
    [14 * dayMs, "hour"],
    [14 * dayMs + 1, "day"],
  ] as const)("of %d ms is %s", (length, grain) => {
    expect(grainFor(length)).toBe(grain);
  });
});

describe("a bucket", () => {
  it("of an hour is an hour of UTC in every zone", () => {
    const moment = at("2026-06-10T12:40:00Z");
    expect(bucketStart(moment, "hour", "Asia/Kolkata")).toBe(at("2026-06-10T12:00:00Z"));
    expect(bucketEnd(at("2026-06-10T12:00:00Z"), "hour", "Asia/Kolkata")).toBe(
      at("2026-06-10T13:00:00Z"),
    );
  });

  it("of a day is a day of the zone", () => {
    const moment = at("2026-10-25T22:59:00Z");
    const start = at("2026-10-24T22:00:00Z");
    expect(bucketStart(moment, "day", "Europe/Berlin")).toBe(start);
    expect(bucketEnd(start, "day", "Europe/Berlin") - start).toBe(25 * hourMs);
  });
});

describe("roundUp", () => {
  it("leaves the beginning of a bucket as it is", () => {
    expect(roundUp(at("2026-06-10T12:00:00Z"), "hour", "UTC")).toBe(at("2026-06-10T12:00:00Z"));
    expect(roundUp(at("2026-06-09T15:00:00Z"), "day", "Asia/Tokyo")).toBe(
      at("2026-06-09T15:00:00Z"),
    );
  });
  it("goes on to the next bucket from within one", () => {
    expect(roundUp(at("2026-06-10T12:00:01Z"), "minute", "UTC")).toBe(at("2026-06-10T12:01:00Z"));
    expect(roundUp(at("2026-03-29T10:00:00Z"), "day", "Europe/Berlin")).toBe(
      at("2026-03-29T22:00:00Z"),
    );
  });
});

describe("bucketsBetween", () => {
  it("begins with the bucket of the first moment and ends before the last", () => {
    const starts = bucketsBetween(
      at("2026-06-10T12:30:00Z"),
      at("2026-06-10T15:00:00Z"),
      "hour",
      "UTC",
    );
    expect(starts.map((ms) => new Date(ms).getUTCHours())).toEqual([12, 13, 14]);
  });
  it("has each day once over a change of the clocks", () => {
    const days = bucketsBetween(
      at("2026-10-23T22:00:00Z"),
      at("2026-10-26T23:00:00Z"),
      "day",
      "Europe/Berlin",
    );
    expect(days.map((ms) => new Date(ms).toISOString())).toEqual([
      "2026-10-23T22:00:00.000Z",
      "2026-10-24T22:00:00.000Z",
      "2026-10-25T23:00:00.000Z",
    ]);
  });
  it("is empty for an empty range", () => {
    expect(bucketsBetween(5 * hourMs, 5 * hourMs, "hour", "UTC")).toEqual([]);
  });
  it("is empty where the buckets are too many to show", () => {
    expect(bucketsBetween(0, 5000 * minuteMs, "minute", "UTC")).toHaveLength(5000);
    expect(bucketsBetween(0, 5001 * minuteMs, "minute", "UTC")).toEqual([]);
  });
});

describe("filled", () => {
  const none = (start: number) => ({ start, events: 0 });

  it("adds a row for each bucket without one, in order", () => {
    const rows = [
      { start: 3 * hourMs, events: 7 },
      { start: hourMs, events: 5 },
    ];
    expect(filled(rows, 0, 4 * hourMs, "hour", "UTC", none).map((row) => row.events)).toEqual([
      0, 5, 0, 7,
    ]);
    expect(rows).toHaveLength(2);
  });
  it("keeps rows outside of the range", () => {
    const rows = [{ start: 9 * hourMs, events: 7 }];
    expect(filled(rows, 0, hourMs, "hour", "UTC", none).map((row) => row.start)).toEqual([
      0,
      9 * hourMs,
    ]);
  });
});
