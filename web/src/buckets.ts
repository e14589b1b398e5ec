// The buckets of charts over time: minutes and hours of UTC, days of the shop's time zone, as Gold's windows are.
import { startOfDay, startOfNextDay } from "./zoned";

export type Grain = "minute" | "hour" | "day";
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const lengths = { minute: minuteMs, hour: hourMs };
const maxFilled = 5000;

/** The grain that suits a chart of so many ms. */
export function grainFor(length: number): Grain {
  return length <= 6 * hourMs ? "minute" : length <= 14 * dayMs ? "hour" : "day";
}

/** The beginning of the bucket that a moment lies in. */
export function bucketStart(ms: number, grain: Grain, zone: string): number {
  return grain === "day" ? startOfDay(ms, zone) : Math.floor(ms / lengths[grain]) * lengths[grain];
}
/** The end of the bucket that begins then. */
export function bucketEnd(start: number, grain: Grain, zone: string): number {
  return grain === "day" ? startOfNextDay(start, zone) : start + lengths[grain];
}
/** The first beginning of a bucket that isn't before the moment. */
export function roundUp(ms: number, grain: Grain, zone: string): number {
  const start = bucketStart(ms, grain, zone);
  return start === ms ? ms : bucketEnd(start, grain, zone);
}

/** The beginnings of the buckets from the one of `from` up to `to`; none where they would be too many to show. */
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
 * One row for each bucket in which there may be data: the given ones, and `none(start)` for those between `from` and `to` that have none, so that
 * a chart falls to zero where nothing happened.
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
