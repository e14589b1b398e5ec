// The time range of a page: its form in the address (range=7d, or from=2019-10-01&to=2019-10-02),
// and the moments that it stands for.
import { bucketStart, dayMs, grainFor, hourMs, minuteMs, roundUp, type Grain } from "./buckets";
import { momentOf, startOfNextDay } from "./zoned";

export type Choice =
  | { kind: "last"; ms: number } // A span up to now.
  | { kind: "all" }
  // A null bound is the end of the data.
  | { kind: "between"; from: number | null; to: number | null };

/**
 * The current time, and the times of the first and the last event. They are null if there is no
 * event.
 */
export interface Known {
  now: number;
  first: number | null;
  last: number | null;
}

/**
 * A range from `from` up to, but not including, `to`. It consists of whole buckets of its grain.
 */
export interface Range {
  from: number;
  to: number;
  grain: Grain;
  /**
   * The time of the newest event if the range ends there and not now, because no events have come
   * since.
   */
  endsWithData: number | null;
  /** The part of the range that may have data. */
  dataFrom: number;
  dataTo: number;
}

export const defaultChoice: Choice = { kind: "last", ms: hourMs };
export const presets = ["15m", "1h", "6h", "24h", "7d", "30d"];

const units: Record<string, { ms: number; name: string }> = {
  m: { ms: minuteMs, name: "minute" },
  h: { ms: hourMs, name: "hour" },
  d: { ms: dayMs, name: "day" },
};
const maxSpan = 3660 * dayMs;

/** Reads a span such as 7d, or `all`. Null if the text is neither. */
function parseSpan(text: string): Choice | null {
  if (text === "all") return { kind: "all" };
  const found = /^(\d{1,6})([mhd])$/.exec(text);
  const ms = found ? Number(found[1]) * units[found[2]!]!.ms : 0;
  return ms > 0 && ms <= maxSpan ? { kind: "last", ms } : null;
}

/** A span in words, to follow "last": 7d is "7 days", 1h is "hour". */
export function spanName(text: string): string {
  const [, number, letter] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const unit = units[letter ?? ""]?.name;
  if (unit === undefined) return text;
  return Number(number) === 1 ? unit : `${Number(number)} ${unit}s`;
}

/**
 * Reads 2019-10-01 or 2019-10-01T14:30 as a time of the zone's clocks. A date at the end of a range
 * stands for the end of that day. Null if the text is neither, or if there is no such day.
 */
export function parseMoment(text: string, zone: string, isEnd: boolean): number | null {
  const found = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2})?)?$/.exec(text);
  if (!found) return null;
  const day = Date.parse(`${found[1]}T00:00:00Z`);
  // A day that does not exist, such as 30 February.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== found[1]) return null;
  const moment = momentOf(found[1] + (found[2] ?? "T00:00"), zone);
  if (Number.isNaN(moment) || moment < 0) return null;
  return found[2] === undefined && isEnd ? startOfNextDay(moment, zone) : moment;
}

/**
 * The range in an address. Null if there is none. Parameters that can't be read count as absent.
 */
export function parseChoice(parameters: URLSearchParams, zone: string): Choice | null {
  const bound = (name: string) => parseMoment(parameters.get(name) ?? "", zone, name === "to");
  const [from, to] = [bound("from"), bound("to")];
  if (from !== null || to !== null) return { kind: "between", from, to };
  return parseSpan(parameters.get("range") ?? "");
}

/** The moments that a choice stands for. */
export function resolve(choice: Choice, known: Known, zone: string): Range {
  const now = Math.ceil(known.now / minuteMs) * minuteMs;
  const last =
    known.last === null ? null : Math.min(now, (Math.floor(known.last / minuteMs) + 1) * minuteMs);
  const [from, to] = bounds(choice, now, known.first, last);
  const clipped = (first: number, end: number) =>
    [Math.max(first, known.first ?? first), Math.min(end, last ?? end, now)] as const;
  const [dataFrom, dataTo] = clipped(from, to);
  // The data decides the grain: a month that has an hour of data is shown by the minute.
  const grain = grainFor(dataTo > dataFrom ? dataTo - dataFrom : to - from);
  const whole = { from: Math.max(0, bucketStart(from, grain, zone)), to: roundUp(to, grain, zone) };
  const [wholeFrom, wholeTo] = clipped(whole.from, whole.to);
  const endsWithData =
    choice.kind === "last" && last !== null && to === last && last < now ? known.last : null;
  return {
    ...whole,
    grain,
    endsWithData,
    dataFrom: wholeFrom,
    dataTo: Math.max(wholeFrom, wholeTo),
  };
}

function bounds(
  choice: Choice,
  now: number,
  first: number | null,
  last: number | null,
): [number, number] {
  if (choice.kind === "between") {
    const from = choice.from ?? first ?? 0;
    return [from, choice.to ?? Math.max(now, from)];
  }
  if (choice.kind === "all") return [first ?? now - hourMs, last ?? now];
  // A span without any data is moved back, so that it ends with the newest data.
  const end = last !== null && last <= now - choice.ms ? last : now;
  return [end - choice.ms, end];
}
