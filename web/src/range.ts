// The time that pages show, as the address says: the last so long, all data, or between two moments.
import { computed } from "@preact/signals";
import { state } from "./api/live";
import { bucketEnd, minuteMs, type Grain } from "./buckets";
import { route } from "./router";
import { shop } from "./session";
import { defaultChoice, parseChoice, resolve } from "./time_range";

const zone = computed(() => shop.value?.time_zone ?? "UTC");
const data = () => state.value?.data ?? shop.value?.data ?? null;

// Figures change twice a second, but times that reports are asked for only with the minute, so that one report serves all who look.
const now = computed(() => Math.ceil((state.value?.time ?? Date.now()) / minuteMs) * minuteMs);
/** When the first and the last event happened; null where there is none. */
export const firstData = computed(() => data()?.first ?? null);
const lastMinute = computed(() =>
  data() === null ? null : Math.floor(data()!.last / minuteMs) * minuteMs,
);

/** What the address asks for; null: nothing, so it is the last hour that has data. */
export const asked = computed(() => parseChoice(route.value.parameters, zone.value));
export const chosen = computed(() => asked.value ?? defaultChoice);

export const range = computed(() =>
  resolve(
    chosen.value,
    { now: now.value, first: firstData.value, last: lastMinute.value },
    zone.value,
  ),
);

/** The newest event's time where it lies outside of the range; else null. */
export const newestElsewhere = computed(() => {
  const last = data()?.last ?? null;
  return last === null || (last >= range.value.from && last < range.value.to) ? null : last;
});

/** Why a chart's bucket may still grow: it isn't over, or the data end in it. Null where it is whole. */
export function whyPartial(start: number, grain: Grain, timeZone: string): string | null {
  const end = bucketEnd(start, grain, timeZone);
  if (end > (state.value?.time ?? Date.now())) return `this ${grain} is not over`;
  const last = data()?.last ?? null;
  return last !== null && last >= start && last < end ? `the data end in this ${grain}` : null;
}
