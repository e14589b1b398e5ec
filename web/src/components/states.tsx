import type { ComponentChildren } from "preact";
import type { Problem, Row } from "../api/client";
import { isApart } from "../api/live";
import type { Report } from "../api/use_report";
import { firstData, newestElsewhere } from "../range";
import { linkToNewest } from "../router";
import { sentence } from "../format";
import { dateAndMinute } from "../format_time";
import { Term } from "./hint";

export function Fault({ problem }: { problem: Problem }) {
  return (
    <p class="fault" role="alert">
      {sentence(problem.message)} {sentence(problem.next)}
    </p>
  );
}

/** A section of the page with a title and, beside it, a note. */
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

/** Says why a time range has no rows, and offers the newest data if there is any. */
function NothingInRange({ what, hint }: { what: string; hint: string }) {
  if (firstData.value === null)
    return (
      <p class="quiet">
        No events have been stored yet. Send events to POST /v1/events, or add the tracker to the
        shop's pages.
      </p>
    );
  if (newestElsewhere.value !== null) {
    return (
      <p class="quiet">
        {what} in this time range. The newest data is from {dateAndMinute(newestElsewhere.value)}.{" "}
        <a href={linkToNewest()}>Show the newest data</a>
      </p>
    );
  }
  if (isApart.value) {
    return (
      <p class="quiet">
        {what} in this time range yet. This server does not run the pipeline, so it shows minutes,
        hours, days and sessions only once they are final.
      </p>
    );
  }
  return (
    <p class="quiet">
      {what} in this time range. {hint}
    </p>
  );
}

interface ShownProperties<R extends Row> {
  report: Report<R>;
  /** The beginning of a sentence that says what is missing, such as "No sessions". */
  empty: string;
  /** What the user can do if the range has other data. */
  hint?: string;
  /** Whether the report has no time range. `empty` is then a whole sentence. */
  timeless?: boolean;
  children: (rows: R[]) => ComponentChildren;
}

/** A report's rows; without rows, the reason and what to do. */
export function Shown<R extends Row>({
  report,
  empty,
  hint = "Choose a longer time range.",
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
  /** The definition of the figure. */
  hint?: string;
}

/** One of the figures at the top of a page. */
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
