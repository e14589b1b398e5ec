import type { ComponentChildren } from "preact";
import type { Problem } from "../api/client";
import type { Report } from "../api/use_report";
import type { Row } from "../api/client";

export function Fault({ problem }: { problem: Problem }) {
  return (
    <p class="fault" role="alert">
      {problem.message}
      {problem.next && <span> {problem.next}</span>}
    </p>
  );
}

/** A panel of the page. */
export function Panel({ title, note, children, wide }: { title: string; note?: ComponentChildren; children: ComponentChildren; wide?: boolean }) {
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

/** A report's rows, or why there are none and what to do. */
export function Shown<R extends Row>({ report, empty, children }: { report: Report<R>; empty: ComponentChildren; children: (rows: R[]) => ComponentChildren }) {
  return (
    <>
      {report.problem && <Fault problem={report.problem} />}
      {report.rows === null && !report.problem && <p class="quiet">Loading…</p>}
      {report.rows !== null && report.rows.length === 0 && <p class="quiet">{empty}</p>}
      {report.rows !== null && report.rows.length > 0 && children(report.rows)}
    </>
  );
}

/** One figure of the page's top. */
export function Figure({ name, value, note, tone }: { name: string; value: ComponentChildren; note?: ComponentChildren; tone?: "good" | "bad" }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        {note && <span class={`note ${tone ?? ""}`}>{note}</span>}
      </dd>
    </div>
  );
}
