// How the pages write numbers and texts. A value that is missing is written as a dash.
import { shopCurrency } from "./session";

/** Reports send exact decimals as strings. */
export type Numeric = number | string | null | undefined;

export const missing = "–";

function format(value: Numeric, options: Intl.NumberFormatOptions): string {
  return value === null || value === undefined
    ? missing
    : Number(value).toLocaleString("en", options);
}

export function count(value: Numeric): string {
  return format(value, { maximumFractionDigits: 0 });
}
export function decimal(value: Numeric, digits = 1): string {
  return format(value, { maximumFractionDigits: digits });
}
/** A share of 1 in percent. A share that would round to 0% but is larger is written as <0.1%. */
export function percent(share: Numeric, digits = 1): string {
  const options = { style: "percent", maximumFractionDigits: digits } as const;
  const smallest = 10 ** -(digits + 2);
  const isTiny = Number(share) > 0 && Number(share) < smallest / 2;
  return isTiny ? `<${format(smallest, options)}` : format(share, options);
}
/** A change in percent, with its sign. */
export function signedPercent(change: Numeric): string {
  return format(change, {
    style: "percent",
    maximumFractionDigits: 1,
    signDisplay: "exceptZero",
  });
}
/** An amount in a currency, which is the shop's by default. */
export function money(amount: Numeric, currency: string | null | undefined): string {
  return format(amount, {
    style: "currency",
    currency: currency ?? shopCurrency(),
    maximumFractionDigits: 2,
  });
}
/** The value of an alert, or its bound, in its unit. */
export function measured(value: Numeric, unit: string | null | undefined): string {
  if (!unit) return decimal(value, 3);
  if (unit.startsWith("share of ") || unit === "purchases per view") return percent(value, 2);
  if (unit === "seconds") return duration(1000 * Number(value));
  return /^[A-Z]{3}$/.test(unit) ? money(value, unit) : `${count(value)} ${unit}`;
}
export function bytes(size: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; ++unit) size /= 1024;
  return `${decimal(size)} ${units[unit]!}`;
}
/** A span of processing time: 12.5 ms, or 1.25 s. */
export function latency(seconds: number): string {
  return seconds >= 1 ? `${decimal(seconds, 2)} s` : `${decimal(seconds * 1000)} ms`;
}
/** A span of a visit: 45 s, 12 min 30 s, or 2 h 5 min. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number of things: 1 row, 2 rows. */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** The name of a rule, an event type or another key, as a text: bad_price becomes "bad price". */
export function spaced(name: string): string {
  return name.replaceAll("_", " ");
}
/**
 * A message of the server as a sentence: with a capital letter, and a full stop if it has no end
 * mark.
 */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const end = /[.!?…]$/.test(trimmed) ? "" : ".";
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + end;
}
