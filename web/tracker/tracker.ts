// The tracker, which a shop's pages load to report what visitors do. docs/tracker.md describes it.
//
// A page may call the tracker before this script has loaded: the snippet in the page keeps the
// calls, and the script makes them in the same order. A wrong call logs an error to the console and
// never throws into the page.
import { createQueue, type QueuedEvent } from "./queue";
import { onChange, read, write } from "./storage";

interface Product {
  product_id: string;
  price: number;
  product_category?: string;
  quantity?: number;
  currency?: string;
}
/** Amounts of a whole order. */
interface OrderAmounts {
  total?: number;
  /** A discount that the lines' prices do not contain. */
  discount?: number;
  shipping?: number;
  tax?: number;
}
type Call = [name: string, given: ArrayLike<unknown>];
/**
 * The server's response: the number of accepted events, and lists or objects of what is wrong with
 * events.
 */
type Answer = Record<string, unknown> & { invalid?: { index: number; message: string }[] };

const sessionTimeoutMs = 30 * 60_000;
const cookieSeconds = 365 * 24 * 3600;

const script = document.currentScript as HTMLScriptElement | null;
const settings = script?.dataset ?? {};
const base = settings.url ?? (script ? new URL(script.src).origin : location.origin);
const queue = createQueue({
  endpoint: `${base}/v1/events${settings.key ? `?key=${encodeURIComponent(settings.key)}` : ""}`,
  key: randomId().slice(0, 8),
  allowed: isAllowed,
  onResponse: explain,
  onUnreachable: (error) =>
    debug("The server can't be reached. The events are sent again later.", error),
});

let consent = consentOf(read("consent"));
let lastPage = "";

function randomId(): string {
  return (
    (crypto as Partial<Crypto>).randomUUID?.() ??
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("")
  );
}
function consentOf(stored: string | null): boolean {
  return stored === "yes" || (settings.consent !== "required" && stored !== "no");
}
function isAllowed(): boolean {
  const browser = navigator as Navigator & { globalPrivacyControl?: boolean };
  const refuses = browser.doNotTrack === "1" || browser.globalPrivacyControl === true;
  return consent && (!refuses || settings.dnt === "ignore");
}

/**
 * Stores the visitor's ids in local storage, and in a cookie if the shop asks for one. The text has
 * the anonymous id and, after a login, a blank and the user's id. So the two change together in all
 * tabs and subdomains. Null removes it.
 */
function storeVisitor(value: string | null): void {
  write("user", value);
  if (settings.cookie === undefined) return;
  const domain = settings.cookie ? `; Domain=${settings.cookie}` : "";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `millrace_user=${encodeURIComponent(value ?? "")}; Max-Age=${value === null ? 0 : cookieSeconds}; Path=/; SameSite=Lax${domain}${secure}`;
}
/** The visitor's anonymous id, and the id of the user who has logged in, or an empty text. */
function visitor(): [anonymous: string, user: string] {
  const cookie =
    settings.cookie !== undefined
      ? /(?:^|; )millrace_user=([^;]+)/.exec(document.cookie)?.[1]
      : undefined;
  const stored = cookie ? decodeURIComponent(cookie) : (read("user") ?? "");
  // Version 0.2 stored either a random id or, after a login, only the user's id.
  const [, anonymous = randomId(), user = ""] =
    /^(?:([\da-f-]{32,36})(?: |$))?([^]*)/.exec(stored) ?? [];
  const value = user ? `${anonymous} ${user}` : anonymous;
  if (value !== read("user") || !cookie) storeVisitor(value);
  return [anonymous, user];
}

/** The session's id. A new session begins after half an hour without an event. */
function sessionId(): string {
  const now = Date.now();
  const [known, last] = (read("session") ?? "").split(" ");
  const value = known && now - Number(last) < sessionTimeoutMs ? known : randomId();
  write("session", `${value} ${now}`);
  return value;
}

function deviceType(): string {
  const agent = navigator.userAgent;
  return /iPad|Tablet/i.test(agent) ? "tablet" : /Mobi|Android/i.test(agent) ? "mobile" : "desktop";
}

/** Logs to the console for the shop's developer, if the page has `data-debug`. */
function debug(...values: unknown[]): void {
  if (settings.debug !== undefined) console.warn("millrace:", ...values);
}
/** Logs what the server says about events that it has accepted or refused. */
async function explain(response: Response, sent: QueuedEvent[]): Promise<void> {
  if (settings.debug === undefined) return;
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (!response.ok) {
    debug(`The server refuses these events (${response.status}):`, answer, sent);
    return;
  }
  const { invalid = [], accepted, flawed, more_flawed, ...others } = answer;
  for (const flaw of invalid) debug(flaw.message, flaw, sent[flaw.index]);
  // For example fields or event types that the server does not know, which are usually misspelled.
  for (const [name, found] of Object.entries(others)) {
    if (found && (typeof found !== "object" || Object.keys(found).length > 0))
      debug(`The server reports ${name}:`, found, sent);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function isId(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}
function check(ok: boolean, needed: string): asserts ok {
  if (!ok) throw new TypeError(`The call needs ${needed}`);
}

function track(type: string, fields: object = {}): void {
  check(typeof type === "string" && type !== "", 'an event type: track("newsletter")');
  check(isObject(fields), 'the fields as an object: track("newsletter", { page_url: "/news" })');
  if (!isAllowed()) {
    debug(
      `${type} is not sent, because the visitor has not consented or the browser asks not to be tracked.`,
    );
    return;
  }
  const [anonymous_id, user] = visitor();
  queue.add({
    event_id: randomId(),
    user_id: user || anonymous_id,
    anonymous_id,
    session_id: sessionId(),
    event_type: type,
    timestamp: new Date().toISOString(),
    page_url: location.href,
    device_type: deviceType(),
    user_agent: navigator.userAgent,
    referrer: document.referrer || undefined,
    ...fields,
  });
}

function page(): void {
  if (location.href === lastPage) return;
  lastPage = location.href;
  track("page_view");
}

/**
 * Forgets the user. A new anonymous id and a new session begin. The id is stored at once, so that
 * other subdomains, which may have stored the old one, find the new one in the cookie.
 */
function reset(): void {
  storeVisitor(isAllowed() ? randomId() : null);
  write("session", null);
}

/** Forgets a visitor who refuses, and drops the events that wait to be sent. */
function forget(): void {
  queue.clear();
  reset();
}

function ofProduct(type: string, call: string): (product: Product) => void {
  return (product) => {
    check(isObject(product), `a product: ${call}({ product_id: "p1", price: 9.5 })`);
    track(type, product);
  };
}
/**
 * Sends one event per line of an order, with the line's number among those of its product. So an
 * order that is sent again has the same lines. A single line may be given without a list.
 */
function ofOrder(
  type: string,
): (order_id: string | number, lines: Product | Product[], amounts?: OrderAmounts) => void {
  return (order_id, lines, { total, discount, shipping, tax } = {}) => {
    const all = Array.isArray(lines) ? lines : [lines];
    check(
      isId(order_id) && all.every(isObject),
      `an order's id and its lines: ${type}("order-17", [{ product_id: "p1", price: 9.5, quantity: 2 }])`,
    );
    const numbers = new Map<string, number>();
    for (const line of all) {
      const line_number = (numbers.get(line.product_id) ?? 0) + 1;
      numbers.set(line.product_id, line_number);
      track(type, {
        order_id: String(order_id),
        line_number,
        order_total: total,
        order_discount: discount,
        order_shipping: shipping,
        order_tax: tax,
        ...line,
      });
    }
  };
}

const calls = {
  /** Sends an event of any type. */
  track,
  /** Sends a page view, unless the address is the same as that of the last one. */
  page,
  view: ofProduct("view", "view"),
  addToCart: ofProduct("add_to_cart", "addToCart"),
  purchase: ofOrder("purchase"),
  refund: ofOrder("refund"),
  /**
   * Says who has logged in. Sends the event `identify` if this is another user than before. The
   * anonymous id of one user never becomes that of another.
   */
  identify(user: string | number): void {
    check(isId(user), 'the user\'s id: identify("customer-42")');
    if (isAllowed()) {
      const known = visitor()[1];
      if (known === String(user)) return;
      if (known) reset();
      storeVisitor(`${visitor()[0]} ${user}`);
    }
    track("identify");
  },
  /** Says that the user has logged out. */
  reset,
  /**
   * Stores whether the visitor consents to being tracked. A refusal forgets what is known of the
   * visitor.
   */
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

/** A call as the page sees it: an error is logged to the console instead of being thrown. */
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
  else console.error(`millrace.${name}: There is no such call.`);
}

/**
 * Puts the calls into the object that the page's snippet has made, since the page may hold a
 * reference to it, and returns the calls that the snippet has kept.
 */
function takeOver(): Call[] {
  const existing = ((window as { millrace?: unknown }).millrace ?? {}) as Record<
    string,
    unknown
  > & {
    calls?: Call[];
  };
  const kept = existing.calls ?? [];
  for (const name of Object.keys(calls)) existing[name] = guarded(name);
  // The page may hold references to the snippet's functions, too. They push to `calls`.
  existing.calls = { push: make } as unknown as Call[];
  window.millrace = existing as unknown as Millrace;
  return kept;
}

const kept = takeOver();
// Calls of identify, reset and consent that come first also apply to the page view.
while (kept.length > 0 && ["identify", "reset", "consent"].includes(kept[0]![0]))
  make(kept.shift()!);
queue.adopt();
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
addEventListener("pagehide", () => queue.sendBeacon());
addEventListener("online", () => queue.sendNow());
// The visitor may refuse in another tab.
onChange("consent", (value) => {
  consent = consentOf(value);
  if (!consent) forget();
});
