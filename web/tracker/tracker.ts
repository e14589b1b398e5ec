// The tracker: a shop's pages load it, and tell it what happens. docs/tracker.md says how.
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
let consent = read("consent") === "yes" || (settings.consent !== "required" && read("consent") !== "no");
let queue: Queued[] = [];
let timer = 0;
let pause = pauseMs;
let sending = false;
let alone = false; // one event at a time, to find the one that the server refuses
let lastPage = "";

function id(): string {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
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
  const cookie = settings.cookie !== undefined ? document.cookie.match("(?:^|; )millrace_user=([^;]+)")?.[1] : undefined;
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
  return /iPad|Tablet/i.test(navigator.userAgent) ? "tablet" : /Mobi|Android/i.test(navigator.userAgent) ? "mobile" : "desktop";
}

function track(type: string, fields: object = {}): void {
  if (!allowed()) return;
  const event = { event_id: id(), user_id: user(), session_id: session(), event_type: type, timestamp: new Date().toISOString(), page_url: location.href };
  const about = { device_type: device(), user_agent: navigator.userAgent, referrer: document.referrer || undefined };
  queue = [...queue, { ...event, ...about, ...fields } as Queued].slice(-mostWaiting);
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
  while (some.length > 1 && new Blob([JSON.stringify(some)]).size > mostBytes) some = some.slice(0, some.length >> 1);
  return some;
}

async function flush(): Promise<void> {
  if (sending || queue.length === 0 || !allowed()) return;
  sending = true;
  const some = alone ? queue.slice(0, 1) : first();
  let done = false;
  try {
    // A plain text body needs no leave of the server's before it (CORS).
    const body = JSON.stringify(some);
    const response = await fetch(endpoint, { method: "POST", body, keepalive: body.length <= mostBytes, credentials: "omit" });
    // What the server can't take, it won't take later either; one such event mustn't take others with it.
    const broken = response.status === 400 || response.status === 413;
    done = response.ok || response.status === 403 || (broken && some.length === 1);
    alone = broken;
  } catch {
    /* offline, or the server is away */
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
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith(`${prefix}queue.`))) {
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
    for (const key of Object.keys(localStorage)) if (key.startsWith(`${prefix}queue.`)) localStorage.removeItem(key);
  } catch {
    /* forbidden */
  }
}

const millrace = {
  /** Any event. */
  track,
  page,
  view: (product: Product) => track("view", product),
  addToCart: (product: Product) => track("add_to_cart", product),
  /** One purchase for each line. */
  purchase: (order_id: string, lines: Product[]) => lines.forEach((line) => track("purchase", { order_id, ...line })),
  refund: (order_id: string, lines: Product[]) => lines.forEach((line) => track("refund", { order_id, ...line })),
  /** Who the visitor is, from now on. */
  identify(visitor: string): void {
    if (allowed()) keepUser(visitor);
  },
  /** Whether the visitor agrees to being counted; a no forgets what is known of them. */
  consent(yes: boolean): void {
    const before = consent;
    consent = yes;
    write("consent", yes ? "yes" : "no");
    if (!yes) return forget();
    if (before) return;
    lastPage = "";
    if (settings.pages !== "manual") page();
  },
};
export type Millrace = typeof millrace;
declare global {
  interface Window {
    millrace: Millrace;
  }
}
window.millrace = millrace;

adopt();
if (settings.pages !== "manual") {
  page();
  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = function (...all: Parameters<typeof original>) {
      original.apply(this, all);
      page();
    };
  }
  addEventListener("popstate", page);
  addEventListener("hashchange", page);
}
// A page that goes away can only leave a beacon; it stays in the queue, and the server drops the copy.
addEventListener("pagehide", () => {
  if (queue.length > 0 && allowed()) navigator.sendBeacon?.(endpoint, JSON.stringify(first()));
});
addEventListener("online", () => later(0));
// Another tab's visitor has said no.
addEventListener("storage", (event) => {
  if (event.key !== `${prefix}consent`) return;
  consent = event.newValue === "yes" || (settings.consent !== "required" && event.newValue !== "no");
  if (!consent) forget();
});
