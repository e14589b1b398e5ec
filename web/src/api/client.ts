// The server's API as schemas/openapi.yaml describes it. schema.ts is generated from that document.
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type About = Schemas["About"];
export type State = Schemas["State"];
export type SqlResult = Schemas["SqlResult"];
/** A row of a table: values by column name. */
export type Row = Record<string, unknown>;

type ReportPath = Extract<keyof paths, `/v1/reports/${string}`>;
export type ReportName = ReportPath extends `/v1/reports/${infer Name}` ? Name : never;
type Operation<Name extends ReportName> = paths[`/v1/reports/${Name}`]["get"];
type Query<Name extends ReportName> = NonNullable<Operation<Name>["parameters"]["query"]>;
export type ReportParameters<Name extends ReportName> = [Query<Name>] extends [never]
  ? Record<string, never>
  : Query<Name>;
export type ReportBody<Name extends ReportName> =
  Operation<Name>["responses"][200]["content"]["application/json"];
export type ReportRow<Name extends ReportName> = ReportBody<Name>["rows"][number];

/** An error that the server reported: what went wrong, and in `next` what to do about it. */
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
  const message = body.detail ?? `The server answered with status ${response.status}.`;
  return new Problem(response.status, message, body.remedy);
}

let onLoggedOut: (() => void) | null = null;
/** Calls `act` whenever the server no longer accepts the session. */
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

async function request(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "The server can't be reached.", "Check that millrace is running.");
  }
  if (response.status === 401 && path !== "/v1/login") onLoggedOut?.();
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The JSON body of a response. `T` is its type in the OpenAPI document. */
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
  return json(await request("/v1/about"));
}

export async function login(name: string, password: string): Promise<void> {
  await post("/v1/login", { name, password });
}

export async function logout(): Promise<void> {
  await post("/v1/logout", {});
}

export async function report<Name extends ReportName>(
  name: Name,
  parameters: ReportParameters<Name>,
  signal?: AbortSignal,
): Promise<ReportBody<Name>> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries<string | number | undefined>(parameters))
    if (value !== undefined) query.set(key, String(value));
  return json(await request(`/v1/reports/${name}?${query}`, { signal }));
}

export async function sql(query: string, limit: number): Promise<SqlResult> {
  return json(await post("/v1/sql", { query, limit }));
}

export async function download(query: string, format: "csv" | "parquet"): Promise<Blob> {
  return (await post("/v1/sql", { query, format })).blob();
}

export async function replay(body: Schemas["Replay"]): Promise<Schemas["Replayed"]> {
  return json(await post("/v1/quarantine/replay", body));
}

export async function silence(body: Schemas["SilenceRequest"]): Promise<void> {
  await post("/v1/alerts/silence", body);
}
