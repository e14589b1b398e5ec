import { useState } from "preact/hooks";
import { about, Problem, silence, type ReportRow, type Schemas } from "../api/client";
import { state } from "../api/live";
import { useReport } from "../api/use_report";
import { Fault, Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { measured, spaced } from "../format";
import { dateTime } from "../format_time";
import { link } from "../router";
import { isAdmin, shop } from "../session";

type Alert = ReportRow<"alerts">;

/** What the alert is about; a product leads to its page. */
function Subject({ row }: { row: Alert }) {
  return row.rule === "high_interest" && row.subject ? (
    <a href={link("product", { product: row.subject })}>{row.subject}</a>
  ) : (
    <>{row.subject}</>
  );
}

/** The alerts that are firing as the report has them, with the present values and texts. */
function present(rows: Alert[]): (Alert & { silenced: boolean })[] {
  const live = new Map((state.value?.firing ?? []).map((each) => [each.alert_id, each]));
  return rows
    .filter((row) => row.state === "firing")
    .map((row) => ({ silenced: false, ...row, ...pick(live.get(row.alert_id)) }));
}
function pick(live: Schemas["FiringAlert"] | undefined) {
  if (!live) return {};
  const { message, value, threshold, unit, silenced } = live;
  return { message, value, threshold, unit, silenced };
}

function Silences() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const silences = (shop.value?.silences ?? []).filter(
    (each) => each.until > (state.value?.time ?? 0),
  );
  const end = async ({ rule, subject }: Schemas["Silence"]) => {
    try {
      await silence({ rule, subject, minutes: 0 });
      shop.value = await about();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  if (silences.length === 0) return <p class="quiet">No alerts are silenced.</p>;
  return (
    <>
      {problem && <Fault problem={problem} />}
      <ul class="alerts">
        {silences.map((each) => (
          <li key={each.rule + each.subject}>
            {spaced(each.rule)} {each.subject} is silenced until {dateTime(each.until)}{" "}
            <button type="button" disabled={!isAdmin()} onClick={() => void end(each)}>
              End silence
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

export function Alerts() {
  const alerts = useReport("alerts", { limit: 500 });
  const [problem, setProblem] = useState<Problem | null>(null);
  const silenceForAnHour = async (row: Alert) => {
    try {
      await silence({ rule: row.rule, subject: row.subject ?? "", minutes: 60 });
      shop.value = await about();
      setProblem(null);
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  const list = (rows: Alert[], caption: string) => (
    <Table
      caption={caption}
      rows={rows}
      rowKey="alert_id"
      columns={[
        {
          key: "state",
          name: "State",
          text: true,
          show: (row) => (
            <span class={`tag ${row.state === "firing" ? "bad" : "good"}`}>{row.state}</span>
          ),
        },
        { key: "rule", name: "Rule", text: true, show: (row) => spaced(row.rule) },
        { key: "subject", name: "Subject", text: true, show: (row) => <Subject row={row} /> },
        { key: "message", name: "Message", text: true },
        {
          key: "fired",
          name: "Fired",
          text: true,
          show: (row) => <time>{dateTime(row.fired)}</time>,
        },
        {
          key: "resolved",
          name: "Resolved",
          text: true,
          show: (row) => <time>{dateTime(row.resolved)}</time>,
        },
        { key: "value", name: "Value", show: (row) => measured(row.value, row.unit) },
        { key: "threshold", name: "Bound", show: (row) => measured(row.threshold, row.unit) },
        {
          key: "alert_id",
          name: "Action",
          text: true,
          show: (row) =>
            row.state === "firing" && (
              <button
                type="button"
                disabled={!isAdmin()}
                title={isAdmin() ? "" : "Requires the admin role"}
                onClick={() => void silenceForAnHour(row)}
              >
                Silence for 1 hour
              </button>
            ),
        },
      ]}
    />
  );
  return (
    <div class="panels">
      <Panel title="Firing" wide>
        {problem && <Fault problem={problem} />}
        <Shown report={alerts} timeless empty="No alerts have fired yet.">
          {(rows) => {
            const firing = present(rows).filter((row) => !row.silenced);
            return firing.length > 0 ? (
              list(firing, "Firing alerts")
            ) : (
              <p class="quiet">No alerts are firing.</p>
            );
          }}
        </Shown>
      </Panel>
      <Panel title="Silenced" wide>
        <Silences />
        <Shown report={alerts} timeless empty="">
          {(rows) => {
            const silenced = present(rows).filter((row) => row.silenced);
            return silenced.length > 0 && list(silenced, "Silenced alerts that are firing");
          }}
        </Shown>
      </Panel>
      <Panel title="History" note={alerts.truncated ? "the latest 500" : undefined} wide>
        <Shown report={alerts} timeless empty="No alerts have fired yet.">
          {(rows) => {
            const over = rows.filter((row) => row.state !== "firing");
            return over.length > 0 ? (
              list(over, "Resolved alerts")
            ) : (
              <p class="quiet">No alerts have been resolved yet.</p>
            );
          }}
        </Shown>
      </Panel>
    </div>
  );
}
