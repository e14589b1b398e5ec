// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createQueue,
  maxDelayMs,
  maxQueued,
  maxRequestBytes,
  maxRequestEvents,
  minDelayMs,
  type Queue,
  type QueuedEvent,
} from "./queue";

const event = (id: string | number, fields: object = {}): QueuedEvent => ({
  event_id: `e${id}`,
  ...fields,
});
const events = (count: number, fields: object = {}) =>
  Array.from({ length: count }, (_, index) => event(index, fields));

let allowed: boolean;
let sent: string[][];
/** The status of a request's response; it throws where the server can't be reached. */
let answer: (ids: string[]) => number;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  allowed = true;
  sent = [];
  answer = () => 202;
  vi.stubGlobal(
    "fetch",
    vi.fn((_: string, { body }: { body: string }) => {
      const ids = (JSON.parse(body) as QueuedEvent[]).map((each) => each.event_id);
      sent.push(ids);
      return Promise.resolve().then(() => new Response("{}", { status: answer(ids) }));
    }),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function make(key = "page"): Queue {
  return createQueue({
    endpoint: "https://collector.example/v1/events?key=k",
    key,
    allowed: () => allowed,
    onResponse: () => Promise.resolve(),
    onUnreachable: () => undefined,
  });
}
const stored = (key = "page") => localStorage.getItem(`millrace.queue.${key}`);
const away = () => {
  throw new TypeError("Failed to fetch");
};

describe("sending", () => {
  it("collects events for a moment and sends them in order", async () => {
    const queue = make();
    for (const each of events(3)) queue.add(each);
    await vi.advanceTimersByTimeAsync(minDelayMs - 1);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([["e0", "e1", "e2"]]);
    expect(stored()).toBeNull();
    const [address, options] = vi.mocked(fetch).mock.calls[0]!;
    expect(address).toBe("https://collector.example/v1/events?key=k");
    expect(options).toMatchObject({ method: "POST", credentials: "omit", keepalive: true });
    expect(options?.headers).toBeUndefined(); // which would need a CORS preflight request
  });

  it("limits the events of a request", async () => {
    const queue = make();
    for (const each of events(maxRequestEvents + 5)) queue.add(each);
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent.map((ids) => ids.length)).toEqual([maxRequestEvents]);
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent.map((ids) => ids.length)).toEqual([maxRequestEvents, 5]);
  });

  it("limits the bytes of a request, counted in UTF-8", async () => {
    const queue = make();
    for (const each of events(8, { page_url: "é".repeat(maxRequestBytes / 8) })) queue.add(each);
    await vi.advanceTimersByTimeAsync(10 * minDelayMs);
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.flat()).toEqual(events(8).map((each) => each.event_id));
  });

  it("sends a single event of any size, without keepalive", async () => {
    const queue = make();
    queue.add(event(1, { page_url: "x".repeat(2 * maxRequestBytes) }));
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(vi.mocked(fetch).mock.calls[0]![1]).toMatchObject({ keepalive: false });
    expect(stored()).toBeNull();
  });

  it("has one request at a time, and keeps what comes meanwhile", async () => {
    let respond: (response: Response) => void = () => undefined;
    vi.mocked(fetch).mockImplementationOnce(() => new Promise((resolve) => (respond = resolve)));
    const queue = make();
    queue.add(event(1));
    await vi.advanceTimersByTimeAsync(minDelayMs);
    queue.add(event(2));
    await vi.advanceTimersByTimeAsync(10 * minDelayMs);
    expect(fetch).toHaveBeenCalledTimes(1);
    respond(new Response("{}", { status: 202 }));
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent).toEqual([["e2"]]);
    expect(stored()).toBeNull();
  });

  it("sends nothing while it is not allowed to", async () => {
    allowed = false;
    const queue = make();
    queue.add(event(1));
    await vi.advanceTimersByTimeAsync(maxDelayMs);
    expect(sent).toEqual([]);
  });

  it("refuses an event that is no JSON, and sends the others", async () => {
    const queue = make();
    queue.add(event(1));
    const round: Record<string, unknown> = {};
    round.round = round;
    expect(() => queue.add(event(2, round))).toThrow(TypeError);
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent).toEqual([["e1"]]);
  });
});

describe("a server that fails", () => {
  it("is tried again, each time after twice the time, up to a maximum", async () => {
    answer = away;
    const queue = make();
    queue.add(event(1));
    let delay = minDelayMs;
    for (let attempt = 1; attempt <= 12; ++attempt) {
      await vi.advanceTimersByTimeAsync(delay - 1);
      expect(sent).toHaveLength(attempt - 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(sent).toHaveLength(attempt);
      delay = Math.min(delay * 2, maxDelayMs);
    }
    expect(stored()).toContain("e1");
    answer = () => 202;
    queue.sendNow();
    await vi.advanceTimersByTimeAsync(0);
    expect(stored()).toBeNull();
    queue.add(event(2));
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent.at(-1)).toEqual(["e2"]);
  });

  it.each([401, 429, 500, 503])("keeps the events after a %d", async (status) => {
    answer = () => status;
    const queue = make();
    queue.add(event(1));
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(stored()).toContain("e1");
  });

  it("drops events that it may not send at all", async () => {
    answer = () => 403;
    const queue = make();
    for (const each of events(2)) queue.add(each);
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(stored()).toBeNull();
  });

  it.each([400, 413])("loses only the broken event to a %d", async (status) => {
    const accepted: string[] = [];
    answer = (ids) => {
      if (ids.includes("e2")) return status;
      accepted.push(...ids);
      return 202;
    };
    const queue = make();
    for (const each of events(5)) queue.add(each);
    await vi.advanceTimersByTimeAsync(20 * minDelayMs);
    expect(accepted).toEqual(["e0", "e1", "e3", "e4"]);
    expect(stored()).toBeNull();
  });

  it("keeps the newest events where too many wait", async () => {
    answer = away;
    const queue = make();
    for (const each of events(maxQueued + 3)) queue.add(each);
    const kept = JSON.parse(stored()!) as QueuedEvent[];
    expect(kept).toHaveLength(maxQueued);
    expect(kept[0]!.event_id).toBe("e3");
    await vi.advanceTimersByTimeAsync(minDelayMs);
  });
});

describe("storage", () => {
  it("has what a page could not send, for the next page", async () => {
    answer = away;
    make("first").add(event(1));
    answer = () => 202;
    vi.clearAllTimers(); // The page is closed.
    const next = make("next");
    next.add(event(2));
    next.adopt();
    expect(stored("first")).toBeNull();
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent).toEqual([["e1", "e2"]]);
  });

  it("may hold anything", async () => {
    localStorage.setItem("millrace.queue.a", "not JSON");
    localStorage.setItem("millrace.queue.b", '{"event_id":"e0"}');
    localStorage.setItem("millrace.queue.c", '[{"event_id":"e1"}]');
    make().adopt();
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent).toEqual([["e1"]]);
    expect(localStorage.length).toBe(0);
  });

  it("is left alone without consent", () => {
    localStorage.setItem("millrace.queue.a", '[{"event_id":"e1"}]');
    allowed = false;
    make().adopt();
    expect(stored("a")).not.toBeNull();
  });

  it("may be forbidden", async () => {
    vi.stubGlobal("localStorage", undefined);
    const queue = make();
    queue.adopt();
    queue.add(event(1));
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent).toEqual([["e1"]]);
  });

  it("is empty after clear, also of other pages", async () => {
    localStorage.setItem("millrace.queue.other", '[{"event_id":"e1"}]');
    localStorage.setItem("millrace.user", "u1");
    const queue = make();
    queue.add(event(2));
    queue.clear();
    await vi.advanceTimersByTimeAsync(minDelayMs);
    expect(sent).toEqual([]);
    expect(Object.keys(localStorage)).toEqual(["millrace.user"]);
  });
});

describe("a beacon", () => {
  it("has the first events, which stay in the queue", () => {
    const sendBeacon = vi.fn<(address: string, body: string) => boolean>(() => true);
    vi.stubGlobal("navigator", { sendBeacon });
    const queue = make();
    queue.sendBeacon();
    expect(sendBeacon).not.toHaveBeenCalled();
    queue.add(event(1));
    queue.sendBeacon();
    expect(JSON.parse(sendBeacon.mock.calls[0]![1])).toEqual([event(1)]);
    expect(stored()).toContain("e1");
  });
  it("is not sent without consent, nor by a browser that has none", () => {
    const queue = make();
    queue.add(event(1));
    vi.stubGlobal("navigator", {});
    expect(() => queue.sendBeacon()).not.toThrow();
    const sendBeacon = vi.fn(() => true);
    vi.stubGlobal("navigator", { sendBeacon });
    allowed = false;
    queue.sendBeacon();
    expect(sendBeacon).not.toHaveBeenCalled();
  });
});
