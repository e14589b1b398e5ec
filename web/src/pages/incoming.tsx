import { useState } from "preact/hooks";
import { useReport } from "../api/use_report";
import { Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { bytes, count } from "../format";
import { dateTime } from "../format_time";
import {
  counted,
  having,
  nearMisses,
  outcomes,
  reasons,
  type Message,
  type Outcome,
} from "../incoming";
import { link, parameter } from "../router";

const names: Record<Outcome, string> = {
  silver: "in silver",
  waiting: "waiting for Silver",
  duplicate: "duplicate",
  quarantined: "quarantined",
  ignored: "ignored",
};

const maxMessages = 500; // The server sends no more.

function Outcomes({ message }: { message: Message }) {
  const found = counted(message.items);
  const only = message.item_count === 1;
  return (
    <>
      {found.map(([outcome, number]) => (
        <span
          key={outcome}
          class={`tag ${outcome === "silver" ? "good" : outcome === "quarantined" ? "bad" : ""}`}
        >
          {only ? names[outcome] : `${count(number)} ${names[outcome]}`}
        </span>
      ))}
      {message.item_count > message.items.length && (
        <span class="note">of the first {count(message.items.length)}</span>
      )}
    </>
  );
}

function NearMisses({ messages }: { messages: Message[] }) {
  const found = nearMisses(messages);
  if (found.length === 0) return null;
  return (
    <Panel title="Near misses" note="names that were probably meant to be others" wide>
      <Table
        caption="Near misses"
        name="near"
        rows={found}
        rowKey="message"
        columns={[
          { key: "field", name: "Field", text: true },
          { key: "message", name: "What happens", text: true },
          { key: "messages", name: "Messages", show: (row) => count(row.messages) },
        ]}
      />
    </Panel>
  );
}

export function Incoming() {
  const outcome = parameter("outcome");
  const [limit, setLimit] = useState(100);
  const report = useReport("incoming", { limit });
  const messages = report.rows ?? [];
  return (
    <div class="panels">
      <NearMisses messages={messages} />
      <Panel
        title="Messages"
        note={report.truncated ? `the latest ${count(limit)}` : undefined}
        wide
      >
        <ul class="choices">
          {["", ...outcomes].map((each) => (
            <li key={each}>
              <a
                href={link("incoming", { outcome: each === "" ? undefined : each })}
                aria-current={outcome === each ? "true" : undefined}
              >
                {each === "" ? "All" : names[each as Outcome]}{" "}
                <span class="note">{count(having(messages, each).length)}</span>
              </a>
            </li>
          ))}
        </ul>
        <Shown
          report={{ ...report, rows: report.rows && having(report.rows, outcome) }}
          timeless
          empty={
            messages.length === 0
              ? "No messages have arrived yet. Send events to POST /v1/events, or add the tracker to the shop's pages."
              : "None of the latest messages has this outcome."
          }
        >
          {(rows) => (
            <Table
              caption="The latest messages"
              rows={rows}
              rowKey="position"
              columns={[
                {
                  key: "logged",
                  name: "Arrived",
                  text: true,
                  show: (row) => <time>{dateTime(row.logged)}</time>,
                },
                {
                  key: "format",
                  name: "Format",
                  text: true,
                  show: (row) => (
                    <>
                      {row.format} {row.path && <span class="note">{row.path}</span>}
                    </>
                  ),
                },
                {
                  key: "items",
                  name: "Became",
                  text: true,
                  show: (row) => <Outcomes message={row} />,
                },
                {
                  key: "item_count",
                  name: "Event types",
                  text: true,
                  show: (row) =>
                    [...new Set(row.items.map((item) => item.event_type ?? "–"))].join(", "),
                },
                {
                  key: "warnings",
                  name: "Problem",
                  text: true,
                  show: (row) =>
                    [...reasons(row.items), ...row.warnings.map((warning) => warning.message)].join(
                      " · ",
                    ),
                },
                {
                  key: "value",
                  name: "Message",
                  text: true,
                  show: (row) => (
                    <code class="raw" tabIndex={0}>
                      {row.value ?? `${bytes(row.bytes)} of binary data`}
                    </code>
                  ),
                },
              ]}
            />
          )}
        </Shown>
        {report.truncated && limit < maxMessages && (
          <button type="button" onClick={() => setLimit(Math.min(limit * 5, maxMessages))}>
            Show older messages
          </button>
        )}
      </Panel>
    </div>
  );
}
