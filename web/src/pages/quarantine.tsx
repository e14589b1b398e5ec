import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, replay, type ReportRow } from "../api/client";
import { useReport } from "../api/use_report";
import { Fault, Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { link, parameter } from "../router";
import { bytes, count, spaced } from "../format";
import { dateTime } from "../format_time";
import { shop } from "../session";

type Broken = ReportRow<"quarantine">;

/** A value as it is sent: JSON where it is that, else text. */
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
      const where = row ? { partition: row.partition, offset: row.offset } : { rule };
      const what = await replay({ ...where, set: { [field]: parsed(value) } });
      setSaid(
        `${count(what.appended)} appended again, ${count(what.already_replayed)} were before, ${count(what.unchanged)} unchanged, ${count(what.unfixable)} are no JSON objects`,
      );
      done();
    } catch (error) {
      setProblem(error as Problem);
    }
  };
  return (
    <form class="filters" onSubmit={(event) => void send(event)}>
      <span>
        {row ? `Mend the record at ${row.position}:` : `Mend all records of ${spaced(rule)}:`}
      </span>
      <label>
        set{" "}
        <input
          required
          ref={place}
          value={field}
          onInput={(event) => setField(event.currentTarget.value)}
        />
      </label>
      <label>
        to{" "}
        <input
          required
          value={value}
          placeholder="JSON, or else text"
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={shop.value?.role !== "admin"}>
        Replay
      </button>
      {said && <span role="status">{said}</span>}
      {problem && <Fault problem={problem} />}
    </form>
  );
}

const most = 5000; // that a report has

export function Quarantine() {
  const rule = parameter("rule");
  const [chosen, setChosen] = useState<Broken | null>(null);
  const reasons = useReport("quarantine_rules", {});
  const [limit, setLimit] = useState(200);
  const records = useReport("quarantine", { rule, limit });
  return (
    <div class="panels">
      <Panel title="Reasons" wide>
        <Shown
          report={reasons}
          timeless
          empty="No record was quarantined: every one follows the rules."
        >
          {(rows) => (
            <ul class="choices">
              <li>
                <a href={link("quarantine")} aria-current={rule === "" ? "true" : undefined}>
                  all
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
        note={(records.rows?.length ?? 0) >= limit ? `the last ${count(limit)}` : undefined}
        wide
      >
        {(chosen !== null || rule !== "") && (
          <Replay key={chosen?.position ?? rule} row={chosen} rule={rule} done={records.reload} />
        )}
        <Shown report={records} timeless empty="No record here: choose another reason, or all.">
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
                  name: "Rule",
                  text: true,
                  show: (row) => spaced(row.rule),
                },
                { key: "message", name: "What is wrong", text: true },
                {
                  key: "value",
                  name: "Record, as it came",
                  text: true,
                  show: (row) => (
                    <code class="raw" tabIndex={0}>
                      {row.value ?? `${bytes(row.bytes ?? 0)} that are no text`}
                    </code>
                  ),
                },
                {
                  key: "position",
                  name: "Mend",
                  text: true,
                  show: (row) => (
                    <button
                      type="button"
                      onClick={() => setChosen(row)}
                      aria-label={`Mend the record at ${row.position}`}
                    >
                      Mend…
                    </button>
                  ),
                },
              ]}
            />
          )}
        </Shown>
        {(records.rows?.length ?? 0) >= limit && limit < most && (
          <button type="button" onClick={() => setLimit(Math.min(limit * 5, most))}>
            Show older ones
          </button>
        )}
      </Panel>
    </div>
  );
}
