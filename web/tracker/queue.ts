// Events that wait for the server's acknowledgement. They are kept in storage, so that a later page
// can send them.
import { takeAll, write } from "./storage";

export type QueuedEvent = Record<string, unknown> & { event_id: string };

export interface QueueOptions {
  endpoint: string;
  /** The storage key of this page's queue; each page has its own. */
  key: string;
  /** Nothing is sent or taken over while this returns false. */
  allowed: () => boolean;
  /** Called with each response, before the next request. */
  onResponse: (response: Response, sent: QueuedEvent[]) => Promise<void>;
  /** Called when a request fails without a response. The events are sent again later. */
  onUnreachable: (error: unknown) => void;
}
export type Queue = ReturnType<typeof createQueue>;

export const maxQueued = 200;
export const maxRequestEvents = 50;
// Browsers refuse more than 64 KiB in requests that outlive their page.
export const maxRequestBytes = 30_000;
export const minDelayMs = 100;
export const maxDelayMs = 60_000;

const keyStart = "queue.";

function parseQueue(text: string): QueuedEvent[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as QueuedEvent[]) : [];
  } catch {
    return [];
  }
}

export function createQueue(options: QueueOptions) {
  let queue: QueuedEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = minDelayMs;
  let sending = false;
  let oneByOne = false; // After a refused request, single events show which one the server refuses.

  function store(): void {
    write(keyStart + options.key, queue.length > 0 ? JSON.stringify(queue) : null);
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      void flush();
    }, ms);
  }

  /** The first events, as many as fit into one request. */
  function firstEvents(): QueuedEvent[] {
    let events = queue.slice(0, maxRequestEvents);
    while (events.length > 1 && new Blob([JSON.stringify(events)]).size > maxRequestBytes)
      events = events.slice(0, events.length >> 1);
    return events;
  }

  async function flush(): Promise<void> {
    if (sending || queue.length === 0 || !options.allowed()) return;
    sending = true;
    const events = oneByOne ? queue.slice(0, 1) : firstEvents();
    let done = false;
    try {
      // A text/plain body needs no CORS preflight request.
      const body = JSON.stringify(events);
      const response = await fetch(options.endpoint, {
        method: "POST",
        body,
        keepalive: body.length <= maxRequestBytes,
        credentials: "omit",
      });
      // The server will not accept a broken event later either. It must not take the other events
      // of its request with it.
      const isBroken = response.status === 400 || response.status === 413;
      done = response.ok || response.status === 403 || (isBroken && events.length === 1);
      oneByOne = isBroken;
      await options.onResponse(response, events);
    } catch (error) {
      options.onUnreachable(error);
    }
    sending = false;
    if (done) {
      const sent = new Set(events.map((event) => event.event_id));
      queue = queue.filter((event) => !sent.has(event.event_id));
      store();
    }
    delay = done || oneByOne ? minDelayMs : Math.min(delay * 2, maxDelayMs);
    if (queue.length > 0) schedule(delay);
  }

  return {
    /** Appends an event, which is sent soon. The oldest events are dropped when too many wait. */
    add(event: QueuedEvent): void {
      JSON.stringify(event); // Throws for an event that can't be sent, before it joins the others.
      queue = [...queue, event].slice(-maxQueued);
      store();
      if (timer === undefined) schedule(minDelayMs);
    },
    /** Takes over the events that earlier pages or other tabs have not sent. */
    adopt(): void {
      if (!options.allowed()) return;
      write(keyStart + options.key, null); // This page's own events are in memory.
      queue = [...takeAll(keyStart).flatMap(parseQueue), ...queue].slice(-maxQueued);
      store();
      if (queue.length > 0) schedule(minDelayMs);
    },
    /** Drops all events, those of other pages too. */
    clear(): void {
      queue = [];
      store();
      takeAll(keyStart);
    },
    sendNow(): void {
      schedule(0);
    },
    /**
     * Sends a beacon while the page closes. The events stay in the queue, since a beacon has no
     * response; the server drops the copies.
     */
    sendBeacon(): void {
      if (queue.length > 0 && options.allowed())
        (navigator as Partial<Navigator>).sendBeacon?.(
          options.endpoint,
          JSON.stringify(firstEvents()),
        );
    },
  };
}
