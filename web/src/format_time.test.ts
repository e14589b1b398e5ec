import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  bucketName,
  dateAndMinute,
  dateTime,
  isToday,
  onDay,
  shortTime,
  wholeHours,
} from "./format_time";
import { shop } from "./session";

const at = (text: string) => Date.parse(text);

beforeEach(() => {
  vi.useFakeTimers({ now: at("2026-11-25T20:30:00Z") }); // 05:30 on the 26th in Tokyo
  shop.value = { role: "read", open: false, time_zone: "Asia/Tokyo" };
});
afterEach(() => {
  vi.useRealTimers();
  shop.value = null;
});

it("shows times in the shop's zone, with the year if it is another one", () => {
  expect(dateTime(at("2026-03-01T15:00:09Z"))).toBe("02 Mar, 00:00:09");
  expect(dateTime(at("2025-12-31T14:00:09Z"))).toBe("31 Dec 2025, 23:00:09");
  expect(dateTime(at("2025-12-31T15:00:09Z"))).toBe("01 Jan, 00:00:09");
  expect(dateTime(null)).toBe("–");
  expect(shortTime(at("2026-11-25T20:00:00Z"), false)).toBe("05:00");
  expect(shortTime(at("2019-10-01T20:00:00Z"), true)).toBe("02 Oct 2019, 05:00");
  expect(dateAndMinute(at("2026-11-25T20:00:00Z"))).toBe("26 Nov 2026, 05:00");
});

it("knows today by the shop's zone", () => {
  expect(isToday(at("2026-11-25T15:00:00Z"))).toBe(true);
  expect(isToday(at("2026-11-25T14:59:59Z"))).toBe(false);
  expect(isToday(at("2025-11-25T20:00:00Z"))).toBe(false);
  expect(onDay(at("2026-11-25T20:00:00Z"))).toBe("today");
  expect(onDay(at("2026-11-24T20:00:00Z"))).toBe("on 25 Nov 2026");
  expect(onDay(undefined)).toBe("today");
});

it("names a bucket by its day or its time", () => {
  const start = at("2026-11-24T15:00:00Z");
  expect(bucketName(start, "day")).toBe("25 Nov");
  expect(bucketName(start, "hour")).toBe("25 Nov, 00:00");
  expect(bucketName(start, "minute", false)).toBe("00:00");
});

describe("wholeHours", () => {
  it("says since when, up to now", () => {
    expect(wholeHours(at("2026-11-25T19:31:00Z"), at("2026-11-25T20:31:00Z"))).toBe("since 04:00");
    expect(wholeHours(at("2026-11-24T20:31:00Z"), at("2026-11-25T20:31:00Z"))).toBe(
      "since 25 Nov 2026, 05:00",
    );
  });
  it("says from when to when, in the past", () => {
    expect(wholeHours(at("2019-10-01T05:10:00Z"), at("2019-10-01T05:50:00Z"))).toBe(
      "from 1 Oct 2019, 14:00 to 15:00",
    );
    expect(wholeHours(at("2019-10-01T05:00:00Z"), at("2019-10-01T16:00:00Z"))).toBe(
      "from 1 Oct 2019, 14:00 to 2 Oct 2019, 01:00",
    );
  });
});
