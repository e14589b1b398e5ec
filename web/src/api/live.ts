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
export const connected = computed(() => heard.value > 0 && staleSeconds.value === null);

let source: EventSource | null = null;

export function listen(): void {
  source?.close();
  source = new EventSource("/v1/live");
  source.onmessage = (message) => {
    state.value = JSON.parse(message.data) as State;
    heard.value = Date.now();
  };
  source.onerror = () => {
    if (source?.readyState === EventSource.CLOSED) setTimeout(listen, retryMs);
  };
}
