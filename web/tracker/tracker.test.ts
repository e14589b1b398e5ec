// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Millrace } from "./tracker";

type Event = Record<string, string | undefined>;

const randomForm = /^[\da-f-]{32,36}$/;
const old = "3f1c0c52-7a51-4c0e-9d6b-0a4a1f6d2b11"; // an id as version 0.2 stored it
let sent: Event[];

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  sent = [];
  vi.stubGlobal(
    "fetch",
    vi.fn((_: string, { body }: { body: string }) => {
      sent.push(...(JSON.parse(body) as Event[]));
      return Promise.resolve(new Response("{}", { status: 202 }));
    }),
  );
});
afterEach(() => {
  document.cookie = "millrace_user=; Max-Age=0; Path=/";
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Loads the tracker as the script of a new page, which sends no page views of its own. */
async function load(settings: Record<string, string> = {}, kept?: unknown[]): Promise<Millrace> {
  vi.resetModules();
  const script = document.createElement("script");
  script.src = "https://collector.example/tracker.js";
  Object.assign(script.dataset, { pages: "manual", ...settings });
  vi.spyOn(document, "currentScript", "get").mockReturnValue(script);
  (window as { millrace?: unknown }).millrace = kept && { calls: kept };
  await import("./tracker");
  return window.millrace;
}
/** Lets the tracker send, and returns the events since the last call. */
async function events(): Promise<Event[]> {
  await vi.advanceTimersByTimeAsync(1000);
  return sent.splice(0);
}
/** Sends an event and returns it. */
async function tracked(millrace: Millrace): Promise<Event> {
  millrace.track("any");
  return (await events()).find(({ event_type }) => event_type === "any")!;
}
const stored = () => localStorage.getItem("millrace.user");

describe("the anonymous id", () => {
  it("is random, is also the user_id, and stays the same on the next page", async () => {
    const first = await tracked(await load());
    expect(first.anonymous_id).toMatch(randomForm);
    expect(first.user_id).toBe(first.anonymous_id);
    const next = await tracked(await load());
    expect([next.anonymous_id, next.user_id]).toEqual([first.anonymous_id, first.anonymous_id]);
  });

  it("is the random id that version 0.2 has stored", async () => {
    localStorage.setItem("millrace.user", old);
    expect(await tracked(await load())).toMatchObject({ anonymous_id: old, user_id: old });
  });

  it("is never a user's id, which version 0.2 stored in its place", async () => {
    localStorage.setItem("millrace.user", "customer 42");
    const millrace = await load();
    const event = await tracked(millrace);
    expect(event.user_id).toBe("customer 42");
    expect(event.anonymous_id).toMatch(randomForm);
    millrace.identify("customer 42");
    expect(await events()).toEqual([]);
  });

  it("stays the same on a page where the browser forbids storage", async () => {
    const forbidden = () => {
      throw new DOMException("forbidden", "SecurityError");
    };
    vi.stubGlobal("localStorage", {
      getItem: forbidden,
      setItem: forbidden,
      removeItem: forbidden,
    });
    const millrace = await load();
    const first = await tracked(millrace);
    millrace.identify("customer-42");
    const [identify] = await events();
    const second = await tracked(millrace);
    expect(identify!.anonymous_id).toBe(first.anonymous_id);
    expect([second.anonymous_id, second.user_id]).toEqual([first.anonymous_id, "customer-42"]);
    millrace.reset();
    expect((await tracked(millrace)).anonymous_id).not.toBe(first.anonymous_id);
  });
});

describe("identify", () => {
  it("sends one event with both ids, and later events have both, on later pages too", async () => {
    const millrace = await load();
    const { anonymous_id, session_id } = await tracked(millrace);
    millrace.identify(42);
    const [identify, ...others] = await events();
    expect(others).toEqual([]);
    expect(identify).toMatchObject({
      event_type: "identify",
      user_id: "42",
      anonymous_id,
      session_id,
    });
    expect(Object.keys(identify!)).toEqual(Object.keys(await tracked(millrace)));
    const next = await load();
    expect(await tracked(next)).toMatchObject({ user_id: "42", anonymous_id });
  });

  it("sends nothing for the user who is known already", async () => {
    (await load()).identify("customer-42");
    expect(await events()).toHaveLength(1);
    const next = await load();
    next.identify("customer-42");
    expect(await events()).toEqual([]);
  });

  it("gives another user another anonymous id and session", async () => {
    const millrace = await load();
    millrace.identify("customer-42");
    millrace.identify("customer-43");
    const [first, second] = await events();
    expect([first!.user_id, second!.user_id]).toEqual(["customer-42", "customer-43"]);
    expect(second!.anonymous_id).not.toBe(first!.anonymous_id);
    expect(second!.session_id).not.toBe(first!.session_id);
    expect((await tracked(millrace)).anonymous_id).toBe(second!.anonymous_id);
  });

  it("applies to the first page view if the page calls it first", async () => {
    await load({ pages: "" }, [["identify", ["customer-42"]]]);
    const all = await events();
    expect(all.map(({ event_type, user_id }) => [event_type, user_id])).toEqual([
      ["identify", "customer-42"],
      ["page_view", "customer-42"],
    ]);
  });

  it("stores and sends nothing before the visitor has consented", async () => {
    const millrace = await load({ consent: "required" });
    millrace.identify("customer-42");
    millrace.reset();
    expect(await events()).toEqual([]);
    expect(localStorage.length).toBe(0);
    millrace.consent(true);
    millrace.identify("customer-42");
    expect((await events()).map(({ event_type }) => event_type)).toEqual(["identify"]);
    millrace.consent(false);
    expect(stored()).toBe(null);
  });
});

describe("reset", () => {
  it("forgets the user, and begins a new anonymous id and session", async () => {
    const millrace = await load();
    millrace.identify("customer-42");
    const [before] = await events();
    millrace.reset();
    const after = await tracked(millrace);
    expect(after.user_id).toBe(after.anonymous_id);
    expect(after.anonymous_id).not.toBe(before!.anonymous_id);
    expect(after.session_id).not.toBe(before!.session_id);
    millrace.identify("customer-42");
    expect((await events())[0]).toMatchObject({
      event_type: "identify",
      anonymous_id: after.anonymous_id,
    });
  });

  it("still sends the events that wait", async () => {
    const millrace = await load();
    millrace.identify("customer-42");
    millrace.track("last");
    millrace.reset();
    expect((await events()).map(({ user_id }) => user_id)).toEqual(["customer-42", "customer-42"]);
  });

  it("applies to other tabs that are open", async () => {
    const tab = await load();
    tab.identify("customer-42");
    const { anonymous_id } = await tracked(tab);
    const other = await load();
    other.reset();
    const after = await tracked(tab);
    expect(after.user_id).toBe(after.anonymous_id);
    expect(after.anonymous_id).not.toBe(anonymous_id);
    expect((await tracked(other)).anonymous_id).toBe(after.anonymous_id);
  });
});

describe("the cookie", () => {
  it("has both ids, and wins over what a subdomain has stored", async () => {
    const millrace = await load({ cookie: "" });
    millrace.identify("customer-42");
    const [{ anonymous_id } = {}] = await events();
    expect(document.cookie).toBe(`millrace_user=${anonymous_id}%20customer-42`);
    localStorage.clear(); // Another subdomain has a local storage of its own.
    const there = await load({ cookie: "" });
    expect(await tracked(there)).toMatchObject({ anonymous_id, user_id: "customer-42" });
    const local = stored()!;
    there.reset();
    localStorage.setItem("millrace.user", local);
    const after = await tracked(await load({ cookie: "" }));
    expect(after.user_id).toBe(after.anonymous_id);
    expect(after.anonymous_id).not.toBe(anonymous_id);
    expect(document.cookie).toBe(`millrace_user=${after.anonymous_id}`);
  });
});
