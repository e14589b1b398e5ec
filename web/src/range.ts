// The time that pages show: the last so many minutes before the newest event, or between two moments.
import { computed, signal } from "@preact/signals";
import { state } from "./api/live";

const minute = 60_000;
export const spans = [
  { name: "15 min", ms: 15 * minute },
  { name: "1 hour", ms: 60 * minute },
  { name: "6 hours", ms: 360 * minute },
  { name: "24 hours", ms: 1440 * minute },
  { name: "7 days", ms: 7 * 1440 * minute },
  { name: "30 days", ms: 30 * 1440 * minute },
  { name: "all", ms: 0 },
] as const;

export interface Chosen {
  span: number; // ms before the newest event; 0: all; -1: from and to
  from: number;
  to: number;
}
export const chosen = signal<Chosen>({ span: 60 * minute, from: 0, to: 0 });

/** The end of the newest minute that has an event, in the server's time; now where that isn't known. */
const newest = computed(() => {
  const rows = state.value?.kpis?.["minute"];
  const end = rows?.[0]?.window_end ?? 0;
  // A shop that has just been quiet is shown up to now; an import of old data up to its end.
  const now = Math.ceil((state.value?.time ?? Date.now()) / minute) * minute;
  return end > 0 && now - end > 1440 * minute ? end : now;
});

export const range = computed(() => {
  const { span, from, to } = chosen.value;
  if (span === -1) return { from, to };
  if (span === 0) return { from: 0, to: newest.value + minute };
  return { from: newest.value - span, to: newest.value };
});

/** The windows that suit the range's length. */
export const grain = computed(() => {
  const { from, to } = range.value;
  const length = to - from;
  return length <= 6 * 60 * minute ? "minute" : length <= 14 * 1440 * minute ? "hour" : "day";
});
