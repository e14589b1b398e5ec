// How the pages write moments, in the shop's time zone. Moments are milliseconds since 1970.
import { bucketStart, roundUp, type Grain } from "./buckets";
import { missing } from "./format";
import { zone } from "./session";

const time = { hour: "2-digit", minute: "2-digit" } as const;

function format(ms: number, options: Intl.DateTimeFormatOptions): string {
  return new Date(ms).toLocaleString("en-GB", { timeZone: zone(), ...options });
}

const day = (ms: number) => format(ms, { day: "2-digit", month: "short", year: "numeric" });
/** The option that shows the year unless it is the current one. */
const yearOf = (ms: number) =>
  day(ms).slice(-4) === day(Date.now()).slice(-4) ? undefined : "numeric";

export function isToday(ms: number): boolean {
  return day(ms) === day(Date.now());
}
/** "today", or "on" and the date. Without a moment, "today". */
export function onDay(ms: number | undefined): string {
  return ms === undefined || isToday(ms) ? "today" : `on ${day(ms)}`;
}
/** A moment to the second: 25 Nov, 13:05:00. */
export function dateTime(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return missing;
  return format(ms, {
    day: "2-digit",
    month: "short",
    year: yearOf(ms),
    ...time,
    second: "2-digit",
  });
}
/** A moment to the minute: 13:05, or with its day 25 Nov, 13:05. */
export function shortTime(ms: number, withDay: boolean): string {
  return withDay
    ? format(ms, { day: "2-digit", month: "short", year: yearOf(ms), ...time })
    : format(ms, time);
}
/** A moment to the minute, always with its year: 1 Oct 2019, 02:50. */
export function dateAndMinute(ms: number): string {
  return format(ms, { day: "numeric", month: "short", year: "numeric", ...time });
}
/** The label of a chart's bucket: its day, or the time at which it begins. */
export function bucketName(ms: number, grain: Grain, withDay = true): string {
  return grain === "day"
    ? format(ms, { day: "numeric", month: "short", year: yearOf(ms) })
    : shortTime(ms, withDay);
}
/**
 * The whole hours that contain a range: "since 15:00", or for a past range "from 1 Oct 2019, 14:00
 * to 15:00".
 */
export function wholeHours(from: number, to: number): string {
  const [start, end] = [bucketStart(from, "hour", zone()), roundUp(to, "hour", zone())];
  if (end > Date.now())
    return `since ${isToday(start) ? shortTime(start, false) : dateAndMinute(start)}`;
  const until = day(start) === day(end) ? shortTime(end, false) : dateAndMinute(end);
  return `from ${dateAndMinute(start)} to ${until}`;
}
