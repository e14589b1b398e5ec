import { useState } from "preact/hooks";
import { about, Problem, silence, type ReportRow, type Schemas } from "../api/client";
import { state } from "../api/live";
import { useReport } from "../api/use_report";
import { Fault, Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { decimal, spaced } from "../format";
import { dateTime } from "../format_time";
import { shop } from "../session";

type Alert = ReportRow<"alerts">;

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
  if (silences.length === 0) return <p class="quiet">All alerts are sent.</p>;
  return (
    <>
      {problem && <Fault problem={problem} />}
      <ul class="alerts">
        {silences.map((each) => (
          <li key={each.rule + each.subject}>
            {spaced(each.rule)} {each.subject} is not sent until {dateTime(each.until)}{" "}
            <button
              type="button"
              disabled={shop.value?.role !== "admin"}
              onClick={() => void end(each)}
            >
              Send again
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
  const hush = async (row: Alert) => {
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
        { key: "subject", name: "About", text: true },
        { key: "message", name: "What", text: true },
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
        { key: "value", name: "Value", show: (row) => decimal(row.value, 3) },
        { key: "threshold", name: "Bound", show: (row) => decimal(row.threshold, 3) },
        {
          key: "alert_id",
          name: "Silence",
          text: true,
          show: (row) => (
            <button
              type="button"
              disabled={shop.value?.role !== "admin"}
              title={shop.value?.role === "admin" ? "" : "needs the role admin"}
              onClick={() => void hush(row)}
            >
              for an hour
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
        <Shown report={alerts} timeless empty="No alert has ever fired.">
          {(rows) => {
            const firing = rows.filter((row) => row.state === "firing");
            return firing.length > 0 ? (
              list(firing, "Alerts that fire")
            ) : (
              <p class="quiet">Nothing is wrong.</p>
            );
          }}
        </Shown>
      </Panel>
      <Panel title="Silenced">
        <Silences />
      </Panel>
      <Panel title="History" note={alerts.truncated ? "the last 500" : undefined} wide>
        <Shown report={alerts} timeless empty="No alert has ever fired.">
          {(rows) => {
            const over = rows.filter((row) => row.state !== "firing");
            return over.length > 0 ? (
              list(over, "Alerts that are resolved")
            ) : (
              <p class="quiet">None is resolved yet.</p>
            );
          }}
        </Shown>
      </Panel>
    </div>
  );
}
