// What is the same on all pages: who looks, the shop's settings, and how values are told.
import { signal } from "@preact/signals";
import type { About } from "./api/client";
import { bucketStart, roundUp, type Grain } from "./buckets";
import { wallClock } from "./zoned";

export const shop = signal<About | null>(null);

export const zone = () => shop.value?.time_zone ?? "UTC";

export function count(value: unknown): string {
  return value === null || value === undefined
    ? "–"
    : Number(value).toLocaleString("en", { maximumFractionDigits: 0 });
}
export function decimal(value: unknown, digits = 1): string {
  return value === null || value === undefined
    ? "–"
    : Number(value).toLocaleString("en", { maximumFractionDigits: digits });
}
/** A share; one that is small but not nothing says so: <0.1%. */
export function percent(value: unknown, digits = 1): string {
  if (value === null || value === undefined) return "–";
  const format = (share: number) =>
    share.toLocaleString("en", { style: "percent", maximumFractionDigits: digits });
  const least = 10 ** -(digits + 2);
  const share = Number(value);
  return share > 0 && share < least / 2 ? `<${format(least)}` : format(share);
}
export function change(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return Number(value).toLocaleString("en", {
    style: "percent",
    maximumFractionDigits: 1,
    signDisplay: "exceptZero",
  });
}
export function money(value: unknown, currency: string | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return Number(value).toLocaleString("en", {
    style: "currency",
    currency: currency ?? shop.value?.currency ?? "EUR",
    maximumFractionDigits: 2,
  });
}
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; ++unit) value /= 1024;
  return `${decimal(value)} ${units[unit]}`;
}
export function milliseconds(seconds: number): string {
  return seconds >= 1 ? `${decimal(seconds, 2)} s` : `${decimal(seconds * 1000)} ms`;
}
export function duration(ms: unknown): string {
  const seconds = Math.round(Number(ms) / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
const day = (ms: number) =>
  new Date(ms).toLocaleDateString("en-GB", {
    timeZone: zone(),
    day: "2-digit",
    month: "short",
    year: "numeric",
  });
/** Of another year than this one, times show it. */
const yearOf = (ms: number) =>
  day(ms).slice(-4) === day(Date.now()).slice(-4) ? undefined : "numeric";

export function isToday(ms: number): boolean {
  return day(ms) === day(Date.now());
}
/** "today", or "on" its date. */
export function onDay(ms: unknown): string {
  return typeof ms !== "number" || isToday(ms) ? "today" : `on ${day(ms)}`;
}
export function dateTime(ms: unknown): string {
  if (ms === null || ms === undefined) return "–";
  const time = Number(ms);
  return new Date(time).toLocaleString("en-GB", {
    timeZone: zone(),
    day: "2-digit",
    month: "short",
    year: yearOf(time),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}
export function shortTime(ms: number, withDay: boolean): string {
  const time = new Date(ms);
  return withDay
    ? time.toLocaleString("en-GB", {
        timeZone: zone(),
        day: "2-digit",
        month: "short",
        year: yearOf(ms),
        hour: "2-digit",
        minute: "2-digit",
      })
    : time.toLocaleTimeString("en-GB", { timeZone: zone(), hour: "2-digit", minute: "2-digit" });
}

/** A day, or a time of it, as a chart's axis has it. */
export function bucketName(ms: number, grain: Grain, withDay = true): string {
  if (grain !== "day") return shortTime(ms, withDay);
  return new Date(ms).toLocaleDateString("en-GB", {
    timeZone: zone(),
    day: "numeric",
    month: "short",
    year: yearOf(ms),
  });
}
/** A moment to the minute, with its year: 1 Oct 2019, 02:50. */
export function dateAndMinute(ms: number): string {
  return new Date(ms).toLocaleString("en-GB", {
    timeZone: zone(),
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}
/** The whole hours that a time lies in, in words: "since 15:00", or "from 1 Oct 2019, 14:00 to 15:00" where they are over. */
export function wholeHours(from: number, to: number): string {
  const [start, end] = [bucketStart(from, "hour", zone()), roundUp(to, "hour", zone())];
  if (end > Date.now())
    return isToday(start) ? `since ${shortTime(start, false)}` : `since ${dateAndMinute(start)}`;
  return `from ${dateAndMinute(start)} to ${day(start) === day(end) ? shortTime(end, false) : dateAndMinute(end)}`;
}
/** A moment as the shop's clocks show it, to the second: 2026-11-25T13:05:00. */
export function onShopClock(ms: number): string {
  return wallClock(ms, zone());
}
