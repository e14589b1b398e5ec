// The figures as they change, by Server-Sent Events. The browser reconnects by itself; where it gives up, we do.
import { computed, signal } from "@preact/signals";
import type { State } from "./client";

const staleAfterMs = 5000;
const retryMs = 2000;

export const state = signal<State | null>(null);
const heard = signal(0);
const clock = signal(Date.now());
setInterval(() => (clock.value = Date.now()), 1000);

/** Seconds since the last news, once those are too many. */
export const staleSeconds = computed(() => {
  if (heard.value === 0) return null;
  const silent = clock.value - heard.value;
  return silent > staleAfterMs ? Math.round(silent / 1000) : null;
});
/** Whether the pipeline runs elsewhere, or not at all: this server then knows only what is final. */
export const isApart = computed(() => state.value !== null && !state.value.pipeline);
export const connected = computed(() => heard.value > 0 && staleSeconds.value === null);

let source: EventSource | null = null;
let retry = 0;
let wanted = false;

/** Hears of the figures while the page is seen: a hidden one needs no connection, of which a browser has few. */
export function listen(): void {
  wanted = true;
  source?.close();
  source = null;
  if (document.hidden) return;
  source = new EventSource("/v1/live");
  source.onmessage = (message: MessageEvent<string>) => {
    state.value = JSON.parse(message.data) as State;
    heard.value = Date.now();
  };
  source.onerror = () => {
    if (source?.readyState === EventSource.CLOSED) retry = window.setTimeout(listen, retryMs);
  };
}

/** Forgets the figures: nobody is logged in. */
export function stopListening(): void {
  wanted = false;
  clearTimeout(retry);
  source?.close();
  source = null;
  state.value = null;
  heard.value = 0;
}

document.addEventListener("visibilitychange", () => {
  if (wanted) listen();
});
