// The buckets of charts over time. Like Gold's windows, they are minutes and hours of UTC, and days
// of the shop's time zone.
import { startOfDay, startOfNextDay } from "./zoned";

export type Grain = "minute" | "hour" | "day";
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const lengths = { minute: minuteMs, hour: hourMs };
const maxFilled = 5000;

/** The grain of a chart that covers this many milliseconds. */
export function grainFor(length: number): Grain {
  return length <= 6 * hourMs ? "minute" : length <= 14 * dayMs ? "hour" : "day";
}

/** The start of the bucket that contains a moment. */
export function bucketStart(ms: number, grain: Grain, zone: string): number {
  return grain === "day" ? startOfDay(ms, zone) : Math.floor(ms / lengths[grain]) * lengths[grain];
}
/** The end of the bucket that starts at `start`. */
export function bucketEnd(start: number, grain: Grain, zone: string): number {
  return grain === "day" ? startOfNextDay(start, zone) : start + lengths[grain];
}
/** The first start of a bucket at or after a moment. */
export function roundUp(ms: number, grain: Grain, zone: string): number {
  const start = bucketStart(ms, grain, zone);
  return start === ms ? ms : bucketEnd(start, grain, zone);
}

/**
 * The starts of the buckets from the one that contains `from` up to `to`. Empty if a chart could
 * not show so many.
 */
export function bucketsBetween(from: number, to: number, grain: Grain, zone: string): number[] {
  const starts: number[] = [];
  for (
    let start = bucketStart(from, grain, zone);
    start < to;
    start = bucketEnd(start, grain, zone)
  ) {
    if (starts.length === maxFilled) return [];
    starts.push(start);
  }
  return starts;
}

/**
 * The given rows, and a row `none(start)` for each bucket between `from` and `to` that has none, so
 * that a chart falls to zero where nothing happened. Sorted by start.
 */
export function filled<R extends { start: number }>(
  rows: R[],
  from: number,
  to: number,
  grain: Grain,
  zone: string,
  none: (start: number) => R,
): R[] {
  const known = new Map(rows.map((row) => [row.start, row]));
  for (const start of bucketsBetween(from, to, grain, zone))
    if (!known.has(start)) known.set(start, none(start));
  return [...known.values()].sort((a, b) => a.start - b.start);
}
