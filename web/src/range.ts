// The time range that pages show, as the address names it: a span up to now, all data, or the time
// between two moments.
import { computed } from "@preact/signals";
import { state } from "./api/live";
import { bucketEnd, minuteMs, type Grain } from "./buckets";
import { route } from "./router";
import { shop, zone } from "./session";
import { defaultChoice, parseChoice, resolve } from "./time_range";

const data = () => state.value?.data ?? shop.value?.data ?? null;

// Live figures change twice a second, but the range of reports only every minute, so that the
// server can share reports between users.
const now = computed(() => Math.ceil((state.value?.time ?? Date.now()) / minuteMs) * minuteMs);
/** The time of the first event. Null if there is none. */
export const firstData = computed(() => data()?.first ?? null);
const lastMinute = computed(() =>
  data() === null ? null : Math.floor(data()!.last / minuteMs) * minuteMs,
);

/**
 * The range in the address. Null if there is none; the pages then show the last hour that has data.
 */
export const asked = computed(() => parseChoice(route.value.parameters, zone()));
export const chosen = computed(() => asked.value ?? defaultChoice);

export const range = computed(() =>
  resolve(chosen.value, { now: now.value, first: firstData.value, last: lastMinute.value }, zone()),
);

/** The time of the newest event if it is outside of the range; otherwise null. */
export const newestElsewhere = computed(() => {
  const last = data()?.last ?? null;
  return last === null || (last >= range.value.from && last < range.value.to) ? null : last;
});

/**
 * Why a chart's bucket may still grow: it is not over, or the data ends in it. Null if it is
 * complete.
 */
export function whyPartial(start: number, grain: Grain, timeZone: string): string | null {
  const end = bucketEnd(start, grain, timeZone);
  if (end > (state.value?.time ?? Date.now())) return `this ${grain} is not over yet`;
  const last = data()?.last ?? null;
  return last !== null && last >= start && last < end ? `the data ends in this ${grain}` : null;
}
