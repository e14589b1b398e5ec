import type { ComponentChildren } from "preact";
import type { Problem, Row } from "../api/client";
import { isApart } from "../api/live";
import type { Report } from "../api/use_report";
import { firstData, newestElsewhere } from "../range";
import { linkToNewest } from "../router";
import { dateAndMinute } from "../format_time";
import { Term } from "./hint";

export function Fault({ problem }: { problem: Problem }) {
  return (
    <p class="fault" role="alert">
      {problem.message}
      {problem.next && <span> {problem.next}</span>}
    </p>
  );
}

/** A panel of the page. */
export function Panel({
  title,
  note,
  children,
  wide,
}: {
  title: string;
  note?: ComponentChildren;
  children: ComponentChildren;
  wide?: boolean;
}) {
  return (
    <section class={wide ? "panel wide" : "panel"}>
      <header>
        <h2>{title}</h2>
        {note && <span class="note">{note}</span>}
      </header>
      {children}
    </section>
  );
}

/** Why a time range has nothing, and what to do: see other data where there are some. */
function NothingInRange({ what, hint }: { what: string; hint: string }) {
  if (firstData.value === null)
    return (
      <p class="quiet">
        No events have been stored yet. Send some: POST /v1/events, or put the tracker into the
        shop's pages.
      </p>
    );
  if (newestElsewhere.value !== null) {
    return (
      <p class="quiet">
        {what} in this time. The newest data are of {dateAndMinute(newestElsewhere.value)}.{" "}
        <a href={linkToNewest()}>Show them</a>
      </p>
    );
  }
  if (isApart.value) {
    return (
      <p class="quiet">
        {what} in this time yet. This server runs apart from the pipeline and shows minutes, hours,
        days and sessions only once they are final.
      </p>
    );
  }
  return (
    <p class="quiet">
      {what} in this time. {hint}
    </p>
  );
}

interface ShownProperties<R extends Row> {
  report: Report<R>;
  /** What there is none of: "No sessions". */
  empty: string;
  /** What may help where the range has other data. */
  hint?: string;
  /** The report isn't of a time range, so `empty` says all. */
  timeless?: boolean;
  children: (rows: R[]) => ComponentChildren;
}

/** A report's rows, or why there are none and what to do. */
export function Shown<R extends Row>({
  report,
  empty,
  hint = "Choose a longer range.",
  timeless,
  children,
}: ShownProperties<R>) {
  return (
    <>
      {report.problem && <Fault problem={report.problem} />}
      {report.rows === null && !report.problem && <p class="quiet">Loading…</p>}
      {report.rows !== null &&
        report.rows.length === 0 &&
        (timeless ? <p class="quiet">{empty}</p> : <NothingInRange what={empty} hint={hint} />)}
      {report.rows !== null && report.rows.length > 0 && children(report.rows)}
    </>
  );
}

interface FigureProperties {
  name: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  tone?: "good" | "bad";
  /** What the figure means. */
  hint?: string;
}

/** One figure of the page's top. */
export function Figure({ name, value, note, tone, hint }: FigureProperties) {
  return (
    <div class="figure">
      <dt>
        <Term hint={hint}>{name}</Term>
      </dt>
      <dd>
        <strong>{value}</strong>
        {note && <span class={`note ${tone ?? ""}`}>{note}</span>}
      </dd>
    </div>
  );
}
