import { describe, expect, it } from "vitest";
import { momentOf, startOfDay, startOfNextDay, wallClock } from "./zoned";

const hourMs = 3_600_000;
const at = (text: string) => Date.parse(text);

describe("wallClock", () => {
  it.each([
    ["UTC", "2026-11-25T13:05:09"],
    ["Asia/Tokyo", "2026-11-25T22:05:09"],
    ["America/New_York", "2026-11-25T08:05:09"],
    ["Asia/Kathmandu", "2026-11-25T18:50:09"],
  ])("shows what the clocks of %s show", (zone, shown) => {
    expect(wallClock(at("2026-11-25T13:05:09Z"), zone)).toBe(shown);
  });

  it("shows midnight as 00", () => {
    expect(wallClock(at("2026-11-25T00:00:00Z"), "UTC")).toBe("2026-11-25T00:00:00");
  });
});

describe("momentOf", () => {
  it("inverts wallClock in ordinary times", () => {
    expect(momentOf("2026-11-25T22:05:09", "Asia/Tokyo")).toBe(at("2026-11-25T13:05:09Z"));
    expect(momentOf("2026-07-01T12:00", "Europe/Berlin")).toBe(at("2026-07-01T10:00:00Z"));
    expect(momentOf("2026-01-01T12:00", "Europe/Berlin")).toBe(at("2026-01-01T11:00:00Z"));
  });

  // Zones with an ordinary transition, one of half an hour, one at midnight, one without, and a
  // skipped day.
  it.each([
    ["Europe/Berlin", "2026-03-29T01:00:00Z"],
    ["Europe/Berlin", "2026-10-25T01:00:00Z"],
    ["America/New_York", "2026-03-08T07:00:00Z"],
    ["America/New_York", "2026-11-01T06:00:00Z"],
    ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
    ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
    ["America/Sao_Paulo", "2018-11-04T03:00:00Z"],
    ["America/Sao_Paulo", "2019-02-17T02:00:00Z"],
    ["Asia/Kolkata", "2026-03-29T01:00:00Z"],
    ["Pacific/Apia", "2011-12-30T10:00:00Z"],
  ])("inverts wallClock in %s around %s", (zone, transition) => {
    for (
      let ms = at(transition) - 50 * hourMs;
      ms < at(transition) + 50 * hourMs;
      ms += hourMs / 4
    ) {
      const shown = wallClock(ms, zone);
      const found = momentOf(shown, zone);
      expect(wallClock(found, zone)).toBe(shown);
      expect(found).toBeLessThanOrEqual(ms);
    }
  });

  it("is the earlier moment where the clocks show a time twice", () => {
    expect(momentOf("2026-10-25T02:30", "Europe/Berlin")).toBe(at("2026-10-25T00:30:00Z"));
    expect(momentOf("2026-11-01T01:30", "America/New_York")).toBe(at("2026-11-01T05:30:00Z"));
    expect(momentOf("2026-04-05T01:45", "Australia/Lord_Howe")).toBe(at("2026-04-04T14:45:00Z"));
  });

  it("is the moment after the gap where the clocks skip a time", () => {
    const found = momentOf("2026-03-29T02:30", "Europe/Berlin");
    expect(found).toBe(at("2026-03-29T01:30:00Z"));
    expect(wallClock(found, "Europe/Berlin")).toBe("2026-03-29T03:30:00");
    expect(momentOf("2026-03-29T02:00", "Europe/Berlin")).toBe(at("2026-03-29T01:00:00Z"));
    expect(momentOf("2026-03-08T02:15", "America/New_York")).toBe(at("2026-03-08T07:15:00Z"));
  });

  it("is a day later on a day that the zone skips", () => {
    const found = momentOf("2011-12-30T12:00", "Pacific/Apia");
    expect(wallClock(found, "Pacific/Apia")).toBe("2011-12-31T12:00:00");
  });

  it.each(["", "soon", "2026-13-01T00:00", "2026-01-01T25:00"])("is NaN for %j", (text) => {
    expect(momentOf(text, "UTC")).toBeNaN();
  });
});

describe("startOfDay and startOfNextDay", () => {
  it.each([
    ["an ordinary day", "Europe/Berlin", "2026-06-10T12:00:00Z", "2026-06-10T00:00:00", 24],
    ["a day of 23 hours", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00", 23],
    ["a day of 25 hours", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T00:00:00", 25],
    [
      "a day of 24.5 hours",
      "Australia/Lord_Howe",
      "2026-04-05T02:00:00Z",
      "2026-04-05T00:00:00",
      24.5,
    ],
    [
      "a day without midnight",
      "America/Sao_Paulo",
      "2018-11-04T12:00:00Z",
      "2018-11-04T01:00:00",
      23,
    ],
    [
      "a day that begins twice",
      "America/Havana",
      "2026-11-01T12:00:00Z",
      "2026-11-01T00:00:00",
      25,
    ],
  ])("bound %s", (_, zone, moment, shown, hours) => {
    const start = startOfDay(at(moment), zone);
    expect(wallClock(start, zone)).toBe(shown);
    expect(startOfDay(start, zone)).toBe(start);
    const end = startOfNextDay(at(moment), zone);
    expect((end - start) / hourMs).toBe(hours);
    expect(startOfDay(end - 1, zone)).toBe(start);
    expect(startOfDay(end, zone)).toBe(end);
  });

  it("takes the second of two midnights to the day's beginning", () => {
    const second = at("2026-11-01T05:10:00Z"); // 00:10 for the second time
    expect(wallClock(second, "America/Havana")).toBe("2026-11-01T00:10:00");
    expect(startOfDay(second, "America/Havana")).toBe(at("2026-11-01T04:00:00Z"));
  });

  it("passes over a day that the zone skips", () => {
    const next = startOfNextDay(at("2011-12-30T02:00:00Z"), "Pacific/Apia"); // 29 December there
    expect(wallClock(next, "Pacific/Apia")).toBe("2011-12-31T00:00:00");
  });
});
