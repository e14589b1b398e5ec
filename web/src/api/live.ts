// Live figures, which come as Server-Sent Events. The browser reconnects by itself; if it gives up,
// this module reconnects.
import { computed, signal } from "@preact/signals";
import type { State } from "./client";

const staleAfterMs = 5000;
const retryMs = 2000;
// The server may send more often than a page need be drawn.
const shortestMs = 200;

export const state = signal<State | null>(null);
const updatedAt = signal(0);
const clock = signal(Date.now());
setInterval(() => (clock.value = Date.now()), 1000);

/** Seconds since the last update if that is too long ago; otherwise null. */
export const staleSeconds = computed(() => {
  if (updatedAt.value === 0) return null;
  const silent = clock.value - updatedAt.value;
  return silent > staleAfterMs ? Math.round(silent / 1000) : null;
});
/**
 * Whether the pipeline does not run in this server's process. The server then has final figures
 * only.
 */
export const isApart = computed(() => state.value !== null && !state.value.pipeline);
/** Seconds of events that the figures lack, if that is too long; otherwise null. */
export const behindSeconds = computed(() => {
  const asOf = state.value?.pipeline?.figures_as_of;
  if (state.value === null || asOf === undefined || asOf === null) return null;
  const behind = state.value.time - asOf;
  return behind > staleAfterMs ? Math.round(behind / 1000) : null;
});
export const connected = computed(() => updatedAt.value > 0 && staleSeconds.value === null);

/** The alerts that are firing and not silenced. */
export const firing = computed(() => (state.value?.firing ?? []).filter((each) => !each.silenced));

let source: EventSource | null = null;
let retry = 0;
let wanted = false;
let newest: string | null = null; // what has come and is not shown yet
let pause = 0;

function show(): void {
  pause = 0;
  if (newest === null) return;
  state.value = JSON.parse(newest) as State;
  newest = null;
  pause = window.setTimeout(show, shortestMs);
}

/**
 * Receives figures while the page is visible. A hidden page gives up its connection, because
 * browsers limit their number.
 */
export function listen(): void {
  wanted = true;
  source?.close();
  source = null;
  if (document.hidden) return;
  source = new EventSource("/v1/live");
  source.onmessage = (message: MessageEvent<string>) => {
    newest = message.data;
    updatedAt.value = Date.now();
    if (pause === 0) show();
  };
  source.onerror = () => {
    if (source?.readyState === EventSource.CLOSED) retry = window.setTimeout(listen, retryMs);
  };
}

/** Disconnects and drops the figures, because nobody is logged in. */
export function stopListening(): void {
  wanted = false;
  clearTimeout(retry);
  source?.close();
  source = null;
  newest = null;
  state.value = null;
  updatedAt.value = 0;
}

document.addEventListener("visibilitychange", () => {
  if (wanted) listen();
});
