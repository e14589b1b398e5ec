// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { State } from "./api/client";
import { state } from "./api/live";
import { hourMs } from "./buckets";
import { asked, chosen, firstData, newestElsewhere, range, whyPartial } from "./range";
import { shop } from "./session";

const at = (text: string) => Date.parse(text);
const now = at("2026-06-10T12:34:20Z");

function open(address: string): void {
  location.hash = address;
  window.dispatchEvent(new Event("hashchange"));
}
const disk = { files: 0, bytes: 0, bytes_per_hour: null };

function live(time: number, data: State["data"]): State {
  return { time, gold: null, correcting: [], firing: [], tables: {}, disk, data };
}

beforeEach(() => {
  vi.spyOn(Date, "now").mockReturnValue(now);
  shop.value = { role: "read", open: false, time_zone: "Asia/Tokyo", data: null };
  state.value = live(now, { first: at("2026-01-01T00:00:00Z"), last: now - 1000 });
  open("#/overview");
});

it("is the last hour without a range in the address", () => {
  expect(asked.value).toBeNull();
  expect(chosen.value).toEqual({ kind: "last", ms: hourMs });
  expect([range.value.from, range.value.to]).toEqual([
    at("2026-06-10T11:35:00Z"),
    at("2026-06-10T12:35:00Z"),
  ]);
});

it("reads the address's dates in the shop's zone", () => {
  open("#/overview?from=2026-06-01&to=2026-06-01");
  expect([range.value.from, range.value.to]).toEqual([
    at("2026-05-31T15:00:00Z"),
    at("2026-06-01T15:00:00Z"),
  ]);
});

it("stays the same within a minute, so that reports can be shared", () => {
  const before = range.value;
  state.value = live(now + 30_000, { first: at("2026-01-01T00:00:00Z"), last: now + 20_000 });
  expect(range.value).toBe(before);
  state.value = live(now + 60_000, { first: at("2026-01-01T00:00:00Z"), last: now + 59_000 });
  expect(range.value.to).toBe(before.to + 60_000);
});

it("takes the data's span from the settings until the live figures come", () => {
  state.value = null;
  shop.value = { ...shop.value!, data: { first: 5, last: now } };
  expect(firstData.value).toBe(5);
});

describe("newestElsewhere", () => {
  it("is the newest event outside of the range", () => {
    open("#/overview?from=2026-06-01&to=2026-06-01");
    expect(newestElsewhere.value).toBe(now - 1000);
  });
  it("is null if the range has it, or there is none", () => {
    expect(newestElsewhere.value).toBeNull();
    state.value = live(now, null);
    expect(newestElsewhere.value).toBeNull();
  });
});

describe("whyPartial", () => {
  const hour = at("2026-06-10T12:00:00Z");

  it("says that a bucket is not over", () => {
    expect(whyPartial(hour, "hour", "UTC")).toContain("not over");
  });
  it("says that the data ends in a bucket", () => {
    state.value = live(now, { first: 0, last: hour - 1 });
    expect(whyPartial(hour - hourMs, "hour", "UTC")).toContain("data ends in this hour");
  });
  it("is null for a whole bucket, and for one after the data", () => {
    expect(whyPartial(hour - hourMs, "hour", "UTC")).toBeNull();
    state.value = live(now, { first: 0, last: hour - 3 * hourMs });
    expect(whyPartial(hour - hourMs, "hour", "UTC")).toBeNull();
  });
});
