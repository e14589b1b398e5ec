import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, replay, type ReportRow } from "../api/client";
import { useReport } from "../api/use_report";
import { Fault, Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { link, parameter } from "../router";
import { bytes, count, spaced } from "../format";
import { dateTime } from "../format_time";
import { isAdmin } from "../session";

type Broken = ReportRow<"quarantine">;

/** The value to send: parsed as JSON if it is valid JSON, and a string otherwise. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function Replay({ row, rule, done }: { row: Broken | null; rule: string; done: () => void }) {
  const [field, setField] = useState(row?.field ?? "");
  const [value, setValue] = useState("");
  const place = useRef<HTMLInputElement>(null);
  useEffect(() => place.current?.focus(), []);
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    setProblem(null);
    try {
      const where = row
        ? { partition: row.partition, offset: row.offset, record_index: row.record_index }
        : { rule };
      const what = await replay({ ...where, set: { [field]: parsed(value) } });
      setSaid(
        `${count(what.appended)} replayed, ${count(what.already_replayed)} already replayed before, ${count(what.unchanged)} not changed by this fix, ${count(what.unfixable)} not JSON objects`,
      );
      done();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <form class="filters" onSubmit={(event) => void send(event)}>
      <span>
        {row
          ? `Fix the record at ${row.position}`
          : `Fix all records with the reason “${spaced(rule)}”`}
      </span>
      <label>
        Field{" "}
        <input
          required
          ref={place}
          value={field}
          onInput={(event) => setField(event.currentTarget.value)}
        />
      </label>
      <label>
        New value{" "}
        <input
          required
          value={value}
          placeholder="JSON or text"
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={!isAdmin()}>
        Replay
      </button>
      {said && <span role="status">{said}</span>}
      {problem && <Fault problem={problem} />}
    </form>
  );
}

const maxRows = 5000; // The server sends no more rows of a report.

export function Quarantine() {
  const rule = parameter("rule");
  const [chosen, setChosen] = useState<Broken | null>(null);
  const reasons = useReport("quarantine_rules", {});
  const [limit, setLimit] = useState(200);
  const records = useReport("quarantine", { rule, limit });
  return (
    <div class="panels">
      <Panel title="Reasons" wide>
        <Shown report={reasons} timeless empty="No records have been quarantined.">
          {(rows) => (
            <ul class="choices">
              <li>
                <a href={link("quarantine")} aria-current={rule === "" ? "true" : undefined}>
                  All
                </a>
              </li>
              {rows.map((row) => (
                <li key={row.rule}>
                  <a
                    href={link("quarantine", { rule: row.rule })}
                    aria-current={rule === row.rule ? "true" : undefined}
                  >
                    {spaced(row.rule)} <span class="note">{count(row.records)}</span>
                  </a>
                </li>
              ))}
            </ul>
          )}
        </Shown>
      </Panel>
      <Panel
        title="Records"
        note={(records.rows?.length ?? 0) >= limit ? `the latest ${count(limit)}` : undefined}
        wide
      >
        {(chosen !== null || rule !== "") && (
          <Replay key={chosen?.position ?? rule} row={chosen} rule={rule} done={records.reload} />
        )}
        <Shown
          report={records}
          timeless
          empty="No quarantined records for this reason. Choose another reason, or all."
        >
          {(rows) => (
            <Table
              caption="Quarantined records"
              rows={rows}
              rowKey="position"
              columns={[
                {
                  key: "logged",
                  name: "Logged",
                  text: true,
                  show: (row) => <time>{dateTime(row.logged)}</time>,
                },
                {
                  key: "rule",
                  name: "Reason",
                  text: true,
                  show: (row) => spaced(row.rule),
                },
                { key: "message", name: "Problem", text: true },
                {
                  key: "value",
                  name: "Original record",
                  text: true,
                  show: (row) => (
                    <code class="raw" tabIndex={0}>
                      {row.value ?? `${bytes(row.bytes ?? 0)} of binary data`}
                    </code>
                  ),
                },
                {
                  key: "position",
                  name: "Action",
                  text: true,
                  show: (row) => (
                    <button
                      type="button"
                      onClick={() => setChosen(row)}
                      aria-label={`Fix the record at ${row.position}`}
                    >
                      Fix…
                    </button>
                  ),
                },
              ]}
            />
          )}
        </Shown>
        {(records.rows?.length ?? 0) >= limit && limit < maxRows && (
          <button type="button" onClick={() => setLimit(Math.min(limit * 5, maxRows))}>
            Show older records
          </button>
        )}
      </Panel>
    </div>
  );
}
