import type { ReportRow } from "../api/client";
import { useReport } from "../api/use_report";
import { Choice } from "../components/choice";
import { Field } from "../components/field";
import { Figure, Panel, Shown } from "../components/states";
import { Table, type Column } from "../components/table";
import { definitions } from "../definitions";
import { range } from "../range";
import { link, parameter, setParameters } from "../router";
import { count, counted, money, spaced } from "../format";
import { dateTime } from "../format_time";

type Order = ReportRow<"orders">;

/** Whether an amount is there and is not 0. */
const has = (amount: string | null) => amount !== null && Number(amount) !== 0;

/** What is unusual about an order. */
function Marks({ order }: { order: Order }) {
  return (
    <>
      {order.cancelled && <span class="tag bad">cancelled</span>}{" "}
      {order.over_refunded && (
        <span class="tag bad" title={definitions.overRefunded}>
          refunded too much
        </span>
      )}{" "}
      {!order.complete && (
        <span class="tag bad" title={definitions.incomplete}>
          incomplete
        </span>
      )}{" "}
      {order.repeats > 0 && (
        <span class="tag" title={definitions.repeats}>
          {counted(order.repeats, "repeat")}
        </span>
      )}
    </>
  );
}

const columns: Column<Order>[] = [
  {
    key: "first_at",
    name: "Ordered",
    text: true,
    show: (row) => <time>{dateTime(row.first_at)}</time>,
  },
  {
    key: "order_id",
    name: "Order",
    text: true,
    show: (row) => <a href={link("order", { order: row.order_id })}>{row.order_id}</a>,
  },
  {
    key: "user_id",
    name: "User",
    text: true,
    show: (row) => <a href={link("journey", { user: row.user_id })}>{row.user_id}</a>,
  },
  { key: "channel", name: "Channel", text: true, hint: definitions.channel },
  { key: "lines", name: "Lines", show: (row) => count(row.lines) },
  { key: "items", name: "Items", show: (row) => count(row.items) },
  {
    key: "gross",
    name: "Gross",
    hint: definitions.orderGross,
    show: (row) => money(row.gross, row.currency),
  },
  {
    key: "discount",
    name: "Discount",
    hint: definitions.orderDiscount,
    show: (row) => (has(row.discount) ? money(row.discount, row.currency) : ""),
  },
  {
    key: "refunded",
    name: "Refunded",
    hint: definitions.refunded,
    show: (row) => (has(row.refunded) ? money(row.refunded, row.currency) : ""),
  },
  {
    key: "net",
    name: "Net",
    hint: definitions.orderNet,
    show: (row) => money(row.net, row.currency),
  },
  { key: "complete", name: "Marks", text: true, show: (row) => <Marks order={row} /> },
];

const states = [
  { value: "", name: "any" },
  { value: "incomplete", name: "incomplete" },
  { value: "refunded", name: "refunded" },
  { value: "cancelled", name: "cancelled" },
  { value: "over_refunded", name: "refunded too much" },
  { value: "repeated", name: "sent again" },
] as const;

export function Orders() {
  const state = states.find((each) => each.value === parameter("state"))?.value ?? "";
  const search = parameter("search");
  const { from, to } = range.value;
  const report = useReport("orders", { from, to, state, search, limit: 200 });
  return (
    <div class="panels">
      <Panel title="Orders" note={report.truncated ? "the latest 200" : undefined} wide>
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <label>
            Search{" "}
            <Field
              value={search}
              placeholder="order or user"
              onChange={(text) => setParameters({ search: text.trim() })}
            />
          </label>
          <Choice
            label="State"
            value={state}
            options={states}
            onChange={(state) => setParameters({ state })}
          />
        </form>
        <Shown
          report={report}
          empty="No matching orders"
          hint="Choose a longer time range, another state or another search. Purchases without an order_id have no row here."
        >
          {(rows) => <Table caption="Orders" rows={rows} columns={columns} rowKey="order_id" />}
        </Shown>
      </Panel>
    </div>
  );
}

function Amounts({ order }: { order: Order }) {
  const amount = (value: string | null) => (value === null ? "–" : money(value, order.currency));
  return (
    <dl class="figures">
      <Figure name="Gross" value={amount(order.gross)} hint={definitions.orderGross} />
      <Figure name="Discount" value={amount(order.discount)} hint={definitions.orderDiscount} />
      <Figure name="Refunded" value={amount(order.refunded)} hint={definitions.refunded} />
      <Figure name="Net" value={amount(order.net)} hint={definitions.orderNet} />
      <Figure name="Shipping" value={amount(order.shipping)} />
      <Figure name="Tax" value={amount(order.tax)} />
      <Figure
        name="Total as sent"
        value={amount(order.total)}
        note={has(order.missing) ? `${amount(order.missing)} not in the lines` : undefined}
        tone="bad"
        hint={definitions.orderTotal}
      />
    </dl>
  );
}

function Lines({ order }: { order: string }) {
  const report = useReport("order_events", { order, limit: 1000 });
  return (
    <Panel title="Lines, refunds and cancellations" note="in the order of time" wide>
      <Shown report={report} empty="Silver no longer has the events of this order." timeless>
        {(rows) => (
          <Table
            caption={`Events of ${order}`}
            name="lines"
            rows={rows}
            rowKey="event_id"
            columns={[
              { key: "at", name: "At", text: true, show: (row) => <time>{dateTime(row.at)}</time> },
              {
                key: "event_type",
                name: "Event",
                text: true,
                show: (row) => (
                  <>
                    <span class="tag">{spaced(row.event_type)}</span>{" "}
                    {row.again && (
                      <span class="tag" title={definitions.repeats}>
                        repeat
                      </span>
                    )}
                  </>
                ),
              },
              {
                key: "product_id",
                name: "Product",
                text: true,
                show: (row) =>
                  row.product_id && (
                    <>
                      <a href={link("product", { product: row.product_id })}>{row.product_id}</a>{" "}
                      {row.product_name}
                    </>
                  ),
              },
              {
                key: "price",
                name: "Price",
                show: (row) => row.price !== null && money(row.price, row.currency),
              },
              { key: "quantity", name: "Quantity", show: (row) => row.quantity },
              {
                key: "amount",
                name: "Amount",
                show: (row) => row.amount !== null && money(row.amount, row.currency),
              },
            ]}
          />
        )}
      </Shown>
    </Panel>
  );
}

function Refused({ order }: { order: string }) {
  const report = useReport("order_refused", { order, limit: 100 });
  return (
    <Panel title="Refused lines" note={<a href={link("quarantine")}>quarantine</a>} wide>
      <Shown report={report} empty="No message that names this order is in quarantine." timeless>
        {(rows) => (
          <Table
            caption={`Refused lines of ${order}`}
            name="refused"
            rows={rows}
            rowKey="position"
            columns={[
              {
                key: "logged",
                name: "Arrived",
                text: true,
                show: (row) => <time>{dateTime(row.logged)}</time>,
              },
              { key: "rule", name: "Rule", text: true, show: (row) => spaced(row.rule) },
              { key: "field", name: "Field", text: true },
              { key: "message", name: "Reason", text: true },
              { key: "position", name: "Position", text: true },
            ]}
          />
        )}
      </Shown>
    </Panel>
  );
}

const dayMs = 86_400_000;

/** The customer's events of the day before the order, up to its first purchase. */
function Before({ order }: { order: Order }) {
  const report = useReport("journey", {
    user: order.user_id,
    from: order.first_at - dayMs,
    to: order.first_at + 1,
    limit: 200,
  });
  return (
    <Panel
      title="Before the order"
      note={<a href={link("journey", { user: order.user_id })}>all events of {order.user_id}</a>}
      wide
    >
      <Shown report={report} empty="No events of this user on the day before." timeless>
        {(rows) => (
          <ol class="journey">
            {rows.map((row, index) => (
              <li key={index} class={`type-${row.event_type}`}>
                <time>{dateTime(row.at)}</time>
                <span class="tag">{spaced(row.event_type)}</span>
                <span>
                  {row.product_id && (
                    <a href={link("product", { product: row.product_id })}>{row.product_id}</a>
                  )}
                </span>
                <span class="note">{row.page_url}</span>
              </li>
            ))}
          </ol>
        )}
      </Shown>
    </Panel>
  );
}

export function OrderPage() {
  const order = parameter("order");
  const report = useReport("order", { order, limit: 10 });
  return (
    <div class="panels">
      <Panel title={order} note={<a href={link("orders")}>all orders</a>} wide>
        <Shown report={report} empty={`There is no order ${order}.`} timeless>
          {(rows) =>
            rows.map((row) => (
              <div key={row.first_at}>
                <p>
                  <a href={link("journey", { user: row.user_id })}>{row.user_id}</a>{" "}
                  <time>{dateTime(row.first_at)}</time>{" "}
                  {row.channel && <span class="tag">{row.channel}</span>} <Marks order={row} />
                </p>
                <Amounts order={row} />
              </div>
            ))
          }
        </Shown>
      </Panel>
      <Lines order={order} />
      <Refused order={order} />
      {report.rows?.[0] && <Before order={report.rows[0]} />}
    </div>
  );
}
