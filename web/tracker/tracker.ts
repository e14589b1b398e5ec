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
const pauseMs = 100;
const longestPauseMs = 60_000;

const script = document.currentScript as HTMLScriptElement | null;
const settings = script?.dataset ?? {};
const base = settings.url ?? (script ? new URL(script.src).origin : location.origin);
const endpoint = `${base}/v1/events${settings.key ? `?key=${encodeURIComponent(settings.key)}` : ""}`;
const tab = id().slice(0, 8);

let consent = settings.consent !== "required" || read("consent") === "yes";
let queue: Queued[] = [];
let timer = 0;
let pause = pauseMs;
let sending = false;
let lastPage = "";

function id(): string {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function read(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return null; // storage is forbidden: then nothing outlives the page
  }
}
function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    /* likewise */
  }
}
function allowed(): boolean {
  const wants = navigator as Navigator & { globalPrivacyControl?: boolean };
  const refuses = wants.doNotTrack === "1" || wants.globalPrivacyControl === true;
  return consent && (!refuses || settings.dnt === "ignore");
}

/** A value that is kept for this browser: in local storage, or in a cookie where the shop asks for that. */
function kept(key: string, make: () => string): string {
  const cookie = settings.cookie !== undefined ? document.cookie.match(`(?:^|; )millrace_${key}=([^;]*)`)?.[1] : undefined;
  const value = cookie ?? read(key) ?? make();
  write(key, value);
  if (settings.cookie !== undefined) document.cookie = `millrace_${key}=${value}; Max-Age=31536000; Path=/; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
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
  const user = kept("user", id);
  const event = { event_id: id(), user_id: user, session_id: session(), event_type: type, timestamp: new Date().toISOString(), page_url: location.href };
  const about = { device_type: device(), user_agent: navigator.userAgent, referrer: document.referrer || undefined };
  queue = [...queue, { ...event, ...about, ...fields } as Queued].slice(-mostWaiting);
  keep();
  later(pauseMs);
}
function keep(): void {
  write(`queue.${tab}`, queue.length > 0 ? JSON.stringify(queue) : null);
}
function later(ms: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void flush(), ms);
}

async function flush(): Promise<void> {
  if (sending || queue.length === 0) return;
  sending = true;
  const some = queue.slice(0, mostAtOnce);
  let done = false;
  try {
    // A plain text body needs no leave of the server's before it (CORS).
    const response = await fetch(endpoint, { method: "POST", body: JSON.stringify(some), keepalive: true, credentials: "omit" });
    done = response.ok || (response.status < 500 && response.status !== 429);
  } catch {
    /* offline, or the server is away */
  }
  sending = false;
  if (done) {
    const ids = new Set(some.map((event) => event.event_id));
    queue = queue.filter((event) => !ids.has(event.event_id));
    keep();
  }
  pause = done ? pauseMs : Math.min(pause * 2, longestPauseMs);
  if (queue.length > 0) later(pause);
}

/** Takes over what earlier pages, or another tab, have not sent. */
function adopt(): void {
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
  identify: (user: string) => write("user", user),
  /** Whether the visitor agrees to being counted; a no forgets what is known of them. */
  consent(yes: boolean): void {
    consent = yes;
    write("consent", yes ? "yes" : "no");
    lastPage = "";
    if (yes) return page();
    queue = [];
    for (const key of ["user", "session", `queue.${tab}`]) write(key, null);
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
  if (queue.length > 0) navigator.sendBeacon?.(endpoint, JSON.stringify(queue.slice(0, mostAtOnce)));
});
addEventListener("online", () => later(0));
