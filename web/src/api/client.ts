// The server's API (schemas/openapi.yaml), typed by what is generated from it.
import type { components } from "./schema";

export type Schemas = components["schemas"];
export type About = Schemas["About"];
export type State = Schemas["State"];
export type Kpi = Schemas["Kpi"];
export type Rows = Schemas["Rows"];
export type ReportName = Schemas["ReportName"];
export type Row = Record<string, unknown>;
export type Parameters = Record<string, string | number | undefined>;

/** What the server said is wrong, and what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly next = "",
  ) {
    super(message);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as Partial<Schemas["Problem"]>;
  return new Problem(
    response.status,
    body.error ?? `the server answered ${response.status}`,
    body.next,
  );
}

let onLoggedOut: (() => void) | null = null;
/** Called when the server doesn't know who asks any more: the session is over. */
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

async function request(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "the server can't be reached", "Is millrace running?");
  }
  if (response.status === 401 && path !== "/v1/login") onLoggedOut?.();
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The JSON body of a response, which the OpenAPI document types. */
async function json<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

function post(path: string, body: object): Promise<Response> {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export async function about(): Promise<About> {
  return json<About>(await request("/v1/about"));
}

export async function login(name: string, password: string): Promise<void> {
  await post("/v1/login", { name, password });
}

export async function logout(): Promise<void> {
  await post("/v1/logout", {});
}

export async function report(
  name: ReportName,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<Rows> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters))
    if (value !== undefined) query.set(key, String(value));
  return json<Rows>(await request(`/v1/reports/${name}?${query}`, { signal }));
}

export async function sql(query: string, limit: number): Promise<Rows> {
  return json<Rows>(await post("/v1/sql", { query, limit }));
}

export async function download(query: string, format: "csv" | "parquet"): Promise<Blob> {
  return (await post("/v1/sql", { query, format })).blob();
}

export async function replay(body: Schemas["Replay"]): Promise<Schemas["Replayed"]> {
  return json<Schemas["Replayed"]>(await post("/v1/quarantine/replay", body));
}

export async function silence(rule: string, subject: string, minutes: number): Promise<void> {
  await post("/v1/alerts/silence", { rule, subject, minutes });
}
