// What a page's time range is: how an address names it (range=7d, or from=2019-10-01&to=2019-10-02), and which moments it means.
import { bucketStart, dayMs, grainFor, hourMs, minuteMs, roundUp, type Grain } from "./buckets";
import { momentOf, startOfNextDay } from "./zoned";

export type Choice =
  | { kind: "last"; ms: number } // the last so many ms
  | { kind: "all" }
  | { kind: "between"; from: number | null; to: number | null }; // null: as far as the data reach

/** What is known of time: now, and when the first and the last event happened (null: there is none). */
export interface Known {
  now: number;
  first: number | null;
  last: number | null;
}

/** A range as moments, from `from` up to `to`, whole buckets of its grain. */
export interface Range {
  from: number;
  to: number;
  grain: Grain;
  /** The newest data, where the range ends with them and not now, because nothing has come since. */
  endsWithData: number | null;
  /** The part of it in which there may be data. */
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

/** Reads `7d`. Null where it is no span. */
function parseSpan(text: string): Choice | null {
  if (text === "all") return { kind: "all" };
  const found = /^(\d{1,6})([mhd])$/.exec(text);
  const ms = found ? Number(found[1]) * units[found[2]!]!.ms : 0;
  return ms > 0 && ms <= maxSpan ? { kind: "last", ms } : null;
}

/** `7d` in words: "7 days". */
export function spanName(text: string): string {
  const [, number, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  return number && unit
    ? `${Number(number)} ${units[unit]!.name}${Number(number) === 1 ? "" : "s"}`
    : text;
}

/**
 * Reads 2019-10-01 or 2019-10-01T14:30 as the zone's clocks show it. A date as the end of a range stands for the end of that day. Null where it
 * is neither, or no such day.
 */
export function parseMoment(text: string, zone: string, isEnd: boolean): number | null {
  const found = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2})?)?$/.exec(text);
  if (!found) return null;
  const day = Date.parse(`${found[1]}T00:00:00Z`);
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== found[1]) return null; // such as 30 February
  const moment = momentOf(found[1] + (found[2] ?? "T00:00"), zone);
  if (Number.isNaN(moment) || moment < 0) return null;
  return found[2] === undefined && isEnd ? startOfNextDay(moment, zone) : moment;
}

/** The range that an address names; null where it names none. What can't be read counts as absent. */
export function parseChoice(parameters: URLSearchParams, zone: string): Choice | null {
  const bound = (name: string) => parseMoment(parameters.get(name) ?? "", zone, name === "to");
  const [from, to] = [bound("from"), bound("to")];
  if (from !== null || to !== null) return { kind: "between", from, to };
  return parseSpan(parameters.get("range") ?? "");
}

/** Which moments a choice means. */
export function resolve(choice: Choice, known: Known, zone: string): Range {
  const now = Math.ceil(known.now / minuteMs) * minuteMs;
  const last =
    known.last === null ? null : Math.min(now, (Math.floor(known.last / minuteMs) + 1) * minuteMs);
  const [from, to] = bounds(choice, now, known.first, last);
  const clipped = (first: number, end: number) =>
    [Math.max(first, known.first ?? first), Math.min(end, last ?? end, now)] as const;
  const [dataFrom, dataTo] = clipped(from, to);
  // A month of a shop that opened an hour ago is shown by the minute.
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
  // The last hour, or so, that has data.
  const end = last !== null && last <= now - choice.ms ? last : now;
  return [end - choice.ms, end];
}
