import type { ReportRow } from "../api/client";
import { useReport } from "../api/use_report";
import { Choice } from "../components/choice";
import { Field } from "../components/field";
import { Panel, Shown } from "../components/states";
import { Table, type Column } from "../components/table";
import { definitions } from "../definitions";
import { range } from "../range";
import { link, parameter, setParameters } from "../router";
import { count, duration, money, spaced } from "../format";
import { dateTime } from "../format_time";

type Session = ReportRow<"sessions">;

const outcome = (row: Session) =>
  row.converted ? (
    <span class="tag good">bought {money(row.revenue, row.currency)}</span>
  ) : row.abandoned_cart ? (
    <span class="tag bad">left {money(row.abandoned_value, row.currency)}</span>
  ) : row.bounced ? (
    <span class="tag">bounced</span>
  ) : row.events === 1 || (row.carts > 0 && row.purchases === 0) ? (
    <span class="tag" title="The session can still go on.">
      open
    </span>
  ) : (
    ""
  );

const columns: Column<Session>[] = [
  { key: "start", name: "Started", text: true, show: (row) => <time>{dateTime(row.start)}</time> },
  {
    key: "user_id",
    name: "User",
    text: true,
    show: (row) => <a href={link("journey", { user: row.user_id })}>{row.user_id}</a>,
  },
  {
    key: "is_new",
    name: "Visitor",
    text: true,
    hint: definitions.newVisitor,
    show: (row) => (row.is_new === null ? "" : row.is_new ? "new" : "returning"),
  },
  { key: "device_type", name: "Device", text: true },
  {
    key: "duration_ms",
    name: "Duration",
    hint: definitions.lasted,
    show: (row) => duration(row.duration_ms),
  },
  { key: "events", name: "Events", show: (row) => count(row.events) },
  { key: "products", name: "Products", show: (row) => count(row.products) },
  { key: "carts", name: "Carts", show: (row) => count(row.carts) },
  { key: "purchases", name: "Purchases", show: (row) => count(row.purchases) },
  { key: "revenue", name: "Outcome", text: true, show: outcome },
  { key: "channel", name: "Channel", text: true, hint: definitions.channel },
  { key: "entry_page", name: "Entry page", text: true },
];

const outcomes = [
  { value: "", name: "any" },
  { value: "converted", name: "purchased" },
  { value: "abandoned", name: "abandoned cart" },
  { value: "bounced", name: "bounced" },
] as const;

export function Sessions() {
  const kind = outcomes.find((each) => each.value === parameter("outcome"))?.value ?? "";
  const user = parameter("user");
  const { from, to } = range.value;
  const report = useReport("sessions", { from, to, kind, user, limit: 200 });
  return (
    <div class="panels">
      <Panel title="Sessions" note={report.truncated ? "the latest 200" : undefined} wide>
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <Choice
            label="Outcome"
            value={kind}
            options={outcomes}
            onChange={(outcome) => setParameters({ outcome })}
          />
          <label>
            User{" "}
            <Field
              value={user}
              placeholder="any"
              onChange={(text) => setParameters({ user: text.trim() })}
            />
          </label>
        </form>
        <Shown
          report={report}
          empty="No matching sessions"
          hint="Choose a longer time range, another outcome or another user."
        >
          {(rows) => <Table caption="Sessions" rows={rows} columns={columns} />}
        </Shown>
      </Panel>
    </div>
  );
}

export function Journey() {
  const user = parameter("user");
  const { from, to } = range.value;
  const sessions = useReport("sessions", { from, to, user, limit: 50 });
  const steps = useReport("journey", { from, to, user, limit: 500 });
  return (
    <div class="panels">
      <Panel title={`Sessions of ${user}`} note={<a href={link("sessions")}>all sessions</a>} wide>
        <Shown report={sessions} empty={`No sessions of ${user}`}>
          {(rows) => <Table caption={`Sessions of ${user}`} rows={rows} columns={columns} />}
        </Shown>
      </Panel>
      <Panel title="Events" note={steps.truncated ? "the latest 500 events" : "latest first"} wide>
        <Shown report={steps} empty={`No events of ${user}`}>
          {(rows) => (
            <ol class="journey">
              {rows.map((row, index) => (
                <li key={index} class={`type-${row.event_type}`}>
                  <time>{dateTime(row.at)}</time>
                  <span class="tag">{spaced(row.event_type)}</span>
                  <span>
                    {row.product_id && (
                      <a href={link("product", { product: row.product_id })}>{row.product_id}</a>
                    )}{" "}
                    {row.product_category} {row.price !== null && money(row.price, row.currency)}{" "}
                    {row.quantity > 1 && `× ${row.quantity}`}
                  </span>
                  <span class="note">{row.page_url}</span>
                </li>
              ))}
            </ol>
          )}
        </Shown>
      </Panel>
    </div>
  );
}
