// The tracker: a shop's pages load it, and tell it what happens. docs/tracker.md says how.
//
// A page may call it before it is here: the snippet in the page keeps the calls, which are made, in order, once it is. Nothing that a page does
// wrong is thrown into it: the console says so.
//
// Events wait in the browser's local storage until the server has acknowledged them, over page loads too. Each has an id of its own, so that one
// that is sent twice counts once.

interface Product {
  product_id: string;
  price: number;
  product_category?: string;
  quantity?: number;
  currency?: string;
}
type Fields = Record<string, unknown>;
type Queued = Fields & { event_id: string };
type Call = [name: string, given: ArrayLike<unknown>];
/** The server's answer: how many events it has accepted, and, in lists or objects, what it finds wrong with them. */
type Answer = Record<string, unknown> & { flawed?: { index: number; message: string }[] };

const prefix = "millrace.";
const inactivityMs = 30 * 60_000;
const mostWaiting = 200;
const mostAtOnce = 50;
const mostBytes = 30_000; // browsers refuse more than 64 KiB to requests that outlive their page
const pauseMs = 100;
const longestPauseMs = 60_000;

const script = document.currentScript as HTMLScriptElement | null;
const settings = script?.dataset ?? {};
const base = settings.url ?? (script ? new URL(script.src).origin : location.origin);
const endpoint = `${base}/v1/events${settings.key ? `?key=${encodeURIComponent(settings.key)}` : ""}`;
const tab = id().slice(0, 8);

const memory = new Map<string, string>(); // where storage is forbidden, what is known lasts as long as the page
let consent =
  read("consent") === "yes" || (settings.consent !== "required" && read("consent") !== "no");
let queue: Queued[] = [];
let timer = 0;
let pause = pauseMs;
let sending = false;
let alone = false; // one event at a time, to find the one that the server refuses
let lastPage = "";

function id(): string {
  return (
    (crypto as Partial<Crypto>).randomUUID?.() ??
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("")
  );
}
function read(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}
function write(key: string, value: string | null): void {
  if (value === null) memory.delete(key);
  else memory.set(key, value);
  try {
    if (value === null) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    /* then only in memory */
  }
}
function allowed(): boolean {
  const wants = navigator as Navigator & { globalPrivacyControl?: boolean };
  const refuses = wants.doNotTrack === "1" || wants.globalPrivacyControl === true;
  return consent && (!refuses || settings.dnt === "ignore");
}

/** Keeps who the visitor is, or forgets it: in local storage, and in a cookie where the shop asks for that. */
function keepUser(value: string | null): void {
  write("user", value);
  if (settings.cookie === undefined) return;
  const domain = settings.cookie ? `; Domain=${settings.cookie}` : "";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `millrace_user=${encodeURIComponent(value ?? "")}; Max-Age=${value === null ? 0 : 31536000}; Path=/; SameSite=Lax${domain}${secure}`;
}
function user(): string {
  const cookie =
    settings.cookie !== undefined
      ? /(?:^|; )millrace_user=([^;]+)/.exec(document.cookie)?.[1]
      : undefined;
  const value = cookie ? decodeURIComponent(cookie) : (read("user") ?? id());
  if (value !== read("user") || !cookie) keepUser(value);
  return value;
}

/** The session's id: a new one after half an hour without an event. */
function session(): string {
  const now = Date.now();
  const [known, last] = (read("session") ?? "").split(" ");
  const value = known && now - Number(last) < inactivityMs ? known : id();
  write("session", `${value} ${now}`);
  return value;
}

function device(): string {
  return /iPad|Tablet/i.test(navigator.userAgent)
    ? "tablet"
    : /Mobi|Android/i.test(navigator.userAgent)
      ? "mobile"
      : "desktop";
}

/** Tells the shop's developer, on the console, where the shop asks for that. */
function debug(...all: unknown[]): void {
  if (settings.debug !== undefined) console.warn("millrace:", ...all);
}
function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function check(ok: boolean, needed: string): asserts ok {
  if (!ok) throw new TypeError(`it needs ${needed}`);
}

function track(type: string, fields: object = {}): void {
  check(typeof type === "string" && type !== "", 'an event type: track("newsletter")');
  check(isObject(fields), 'the fields as an object: track("newsletter", { page_url: "/news" })');
  if (!allowed()) {
    debug(`${type} is not sent: the visitor has not agreed, or the browser wants no tracking`);
    return;
  }
  const event = {
    event_id: id(),
    user_id: user(),
    session_id: session(),
    event_type: type,
    timestamp: new Date().toISOString(),
    page_url: location.href,
  };
  const about = {
    device_type: device(),
    user_agent: navigator.userAgent,
    referrer: document.referrer || undefined,
  };
  const whole = { ...event, ...about, ...fields } as Queued;
  JSON.stringify(whole); // throws here, and not for all that wait, where it can't be sent
  queue = [...queue, whole].slice(-mostWaiting);
  keep();
  if (timer === 0) later(pauseMs);
}
function keep(): void {
  write(`queue.${tab}`, queue.length > 0 ? JSON.stringify(queue) : null);
}
function later(ms: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    timer = 0;
    void flush();
  }, ms);
}

/** As many of the first events as fit into a request. */
function first(): Queued[] {
  let some = queue.slice(0, mostAtOnce);
  while (some.length > 1 && new Blob([JSON.stringify(some)]).size > mostBytes)
    some = some.slice(0, some.length >> 1);
  return some;
}

/** What the server says of events that it has taken, or refused. */
async function explain(response: Response, sent: Queued[]): Promise<void> {
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (!response.ok) {
    debug(`the server refuses these events (${response.status}):`, answer, sent);
    return;
  }
  for (const flaw of answer.flawed ?? []) debug(flaw.message, flaw, sent[flaw.index]);
  const { flawed, accepted, ...others } = answer;
  // Such as fields or event types that it doesn't know, which are mostly typing errors.
  for (const [name, found] of Object.entries(others)) {
    if (found && (typeof found !== "object" || Object.keys(found).length > 0))
      debug(`the server answers ${name}:`, found, sent);
  }
}

async function flush(): Promise<void> {
  if (sending || queue.length === 0 || !allowed()) return;
  sending = true;
  const some = alone ? queue.slice(0, 1) : first();
  let done = false;
  try {
    // A plain text body needs no leave of the server's before it (CORS).
    const body = JSON.stringify(some);
    const response = await fetch(endpoint, {
      method: "POST",
      body,
      keepalive: body.length <= mostBytes,
      credentials: "omit",
    });
    // What the server can't take, it won't take later either; one such event mustn't take others with it.
    const broken = response.status === 400 || response.status === 413;
    done = response.ok || response.status === 403 || (broken && some.length === 1);
    alone = broken;
    if (settings.debug !== undefined) await explain(response, some);
  } catch (error) {
    debug("the server can't be reached; it is tried again:", error);
  }
  sending = false;
  if (done) {
    const ids = new Set(some.map((event) => event.event_id));
    queue = queue.filter((event) => !ids.has(event.event_id));
    keep();
  }
  pause = done || alone ? pauseMs : Math.min(pause * 2, longestPauseMs);
  if (queue.length > 0) later(pause);
}

/** Takes over what earlier pages, or another tab, have not sent. */
function adopt(): void {
  if (!allowed()) return;
  try {
    for (const key of Object.keys(localStorage).filter((each) =>
      each.startsWith(`${prefix}queue.`),
    )) {
      const waiting = JSON.parse(localStorage.getItem(key) ?? "[]") as Queued[];
      localStorage.removeItem(key);
      queue = [...waiting, ...queue].slice(-mostWaiting);
    }
  } catch {
    /* broken or forbidden */
  }
  keep();
  if (queue.length > 0) later(pauseMs);
}

function page(): void {
  if (location.href === lastPage) return;
  lastPage = location.href;
  track("page_view");
}

/** Forgets the visitor, and what wasn't sent. */
function forget(): void {
  queue = [];
  keepUser(null);
  write("session", null);
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(`${prefix}queue.`)) localStorage.removeItem(key);
  } catch {
    /* forbidden */
  }
}

function ofProduct(type: string, call: string): (product: Product) => void {
  return (product) => {
    check(isObject(product), `a product: ${call}({ product_id: "p1", price: 9.5 })`);
    track(type, product);
  };
}
/** One event for each line of an order; a single line may stand for a list of one. */
function ofOrder(type: string): (order_id: string | number, lines: Product | Product[]) => void {
  return (order_id, lines) => {
    const all = Array.isArray(lines) ? lines : [lines];
    const isId = (typeof order_id === "string" && order_id !== "") || typeof order_id === "number";
    check(
      isId && all.every(isObject),
      `an order's id and its lines: ${type}("order-17", [{ product_id: "p1", price: 9.5, quantity: 2 }])`,
    );
    for (const line of all) track(type, { order_id: String(order_id), ...line });
  };
}

const calls = {
  /** Any event. */
  track,
  page,
  view: ofProduct("view", "view"),
  addToCart: ofProduct("add_to_cart", "addToCart"),
  purchase: ofOrder("purchase"),
  refund: ofOrder("refund"),
  /** Who the visitor is, from now on. */
  identify(visitor: string | number): void {
    check(
      (typeof visitor === "string" && visitor !== "") || typeof visitor === "number",
      'the visitor\'s id: identify("customer-42")',
    );
    if (allowed()) keepUser(String(visitor));
  },
  /** Whether the visitor agrees to being counted; a no forgets what is known of them. */
  consent(yes: boolean): void {
    const before = consent;
    consent = yes;
    write("consent", yes ? "yes" : "no");
    if (!yes) {
      forget();
      return;
    }
    if (before) return;
    lastPage = "";
    if (settings.pages !== "manual") page();
  },
};
export type Millrace = typeof calls;
declare global {
  interface Window {
    millrace: Millrace;
  }
}

/** A call as a page makes it: what is wrong with it ends on the console. */
function guarded(name: string): (...given: unknown[]) => void {
  return (...given) => {
    try {
      (calls[name as keyof Millrace] as (...all: unknown[]) => void)(...given);
    } catch (error) {
      console.error(`millrace.${name}:`, error instanceof Error ? error.message : error, given);
    }
  };
}
function make([name, given]: Call): void {
  if (name in calls) guarded(name)(...Array.from(given));
  else console.error(`millrace.${name}: there is no such call`);
}

/** Takes the place of the page's snippet, in the same object, which the page may hold already, and returns the calls that it has kept. */
function takeOver(): Call[] {
  const held = ((window as { millrace?: unknown }).millrace ?? {}) as Record<string, unknown> & {
    calls?: Call[];
  };
  const kept = held.calls ?? [];
  for (const name of Object.keys(calls)) held[name] = guarded(name);
  held.calls = { push: make } as unknown as Call[]; // for functions of the snippet's that the page has put aside
  window.millrace = held as unknown as Millrace;
  return kept;
}

const kept = takeOver();
// Who the visitor is, and whether they agree, where that was said first, is so for the page view, too.
while (kept.length > 0 && ["identify", "consent"].includes(kept[0]![0])) make(kept.shift()!);
adopt();
if (settings.pages !== "manual") {
  const seen = guarded("page");
  seen();
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name].bind(history);
    history[name] = (...all) => {
      original(...all);
      seen();
    };
  }
  addEventListener("popstate", () => seen());
  addEventListener("hashchange", () => seen());
}
kept.forEach(make);
// A page that goes away can only leave a beacon; it stays in the queue, and the server drops the copy.
addEventListener("pagehide", () => {
  if (queue.length > 0 && allowed())
    (navigator as Partial<Navigator>).sendBeacon?.(endpoint, JSON.stringify(first()));
});
addEventListener("online", () => later(0));
// Another tab's visitor has said no.
addEventListener("storage", (event) => {
  if (event.key !== `${prefix}consent`) return;
  consent =
    event.newValue === "yes" || (settings.consent !== "required" && event.newValue !== "no");
  if (!consent) forget();
});
