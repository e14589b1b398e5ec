import type { ReportRow, Schemas } from "../api/client";
import { behindSeconds, connected, firing, isApart, state } from "../api/live";
import { useReport } from "../api/use_report";
import { filled } from "../buckets";
import { FunnelBars } from "../components/funnel_bars";
import { Term } from "../components/hint";
import { Figure, Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { TimeLines } from "../components/time_lines";
import { definitions, measures } from "../definitions";
import { range } from "../range";
import { link, parameter, setParameters } from "../router";
import {
  count,
  counted,
  decimal,
  money,
  percent,
  signedPercent,
  sentence,
  spaced,
} from "../format";
import { dateTime, isToday, onDay, shortTime, wholeHours } from "../format_time";
import { shop, zone } from "../session";

type GroupMetrics = Schemas["GroupMetrics"];
/** The columns of the report kpis that the chart shows. */
type KpiBucket = Pick<ReportRow<"kpis">, "start" | "currency" | "events" | "net_revenue">;

function Figures({ currency }: { currency: string }) {
  const compared = useReport("comparison", {});
  const kpis = state.value?.kpis;
  const of = (grainName: string) => kpis?.[grainName]?.find((row) => row.currency === currency);
  const [day, hour] = [of("day"), of("hour")];
  const before = (name: string) =>
    compared.rows?.find((row) => row.day === name && row.currency === currency);
  const note = (name: string, words: string) => {
    const then = before(name);
    if (compared.problem) return `Comparison not available: ${sentence(compared.problem.message)}`;
    if (compared.rows === null) return "…";
    return then && then.change_since !== null
      ? `${signedPercent(then.change_since)} compared with ${words} at ${today ? "this time" : "the same time"} (${money(then.net_revenue, currency)})`
      : `no data from ${words} to compare with`;
  };
  const start = day?.window_start;
  const today = start === undefined || isToday(start);
  const when = onDay(start);
  const inHour =
    hour === undefined || hour.window_end > Date.now()
      ? "this hour"
      : `in the hour from ${shortTime(hour.window_start, true)}`;
  const tone = (before("yesterday")?.change_since ?? 0) < 0 ? "bad" : "good";
  if (isApart.value)
    return (
      <p class="quiet">
        This server does not run the pipeline, so it has no live figures. Final figures are shown
        below. Open the dashboard of <code>millrace run</code> for the current minute, hour and day.
      </p>
    );
  if (state.value !== null && !kpis)
    return (
      <p class="quiet">
        The pipeline is busy, so live figures are not available at the moment. Final figures are
        shown below.
      </p>
    );
  return (
    <dl class="figures">
      <Figure
        name="Events per second"
        hint={definitions.eventsPerSecond}
        value={decimal(state.value?.pipeline?.events_per_second ?? null)}
        note={connected.value && behindSeconds.value === null ? "live" : "out of date"}
      />
      <Figure
        name="Active users"
        hint={definitions.activeUsers}
        value={count(hour?.active_users)}
        note={`${inHour}; ${count(day?.active_users)} ${when}, including ${counted(day?.bot_users ?? 0, "bot")}`}
      />
      <Figure
        name={`Sessions ${when}`}
        hint={definitions.sessions}
        value={count(day?.sessions)}
        note={`${count(hour?.sessions)} ${inHour}; ${count(day?.bot_sessions)} by bots ${when}`}
      />
      <Figure
        name={`Revenue ${when}`}
        hint={definitions.revenue}
        value={money(day?.net_revenue, currency)}
        note={
          <>
            {note("yesterday", today ? "yesterday" : "the day before")}
            <br />
            {note("last_week", today ? "the same day last week" : "a week earlier")}
          </>
        }
        tone={before("yesterday") ? tone : undefined}
      />
      <Figure
        name={`Orders ${when}`}
        hint={definitions.orders}
        value={count(day?.orders)}
        note={`${money(day?.average_order_value, currency)} on average`}
      />
      <Figure
        name={`Conversion ${when}`}
        hint={definitions.conversion}
        value={percent(day?.conversion)}
        note="sessions with a purchase of any product"
      />
    </dl>
  );
}

function Alerts() {
  if (state.value === null) return <p class="quiet">Waiting for live figures…</p>;
  if (firing.value.length === 0) return <p class="quiet">No alerts are firing.</p>;
  return (
    <ul class="alerts">
      {firing.value.map((alert) => (
        <li key={alert.alert_id} class={alert.severity}>
          <strong>{spaced(alert.rule)}</strong> {alert.message}{" "}
          <span class="note">since {dateTime(alert.at)}</span>
        </li>
      ))}
    </ul>
  );
}

function GroupTable({ rows, name }: { rows: GroupMetrics[]; name: string }) {
  return (
    <Table
      name={name.toLowerCase()}
      caption={`By ${name.toLowerCase()}`}
      rows={rows}
      columns={[
        { key: "name", name, text: true },
        { key: "views", name: "Views", hint: definitions.views, show: (row) => count(row.views) },
        { key: "carts", name: "Carts", hint: definitions.carts, show: (row) => count(row.carts) },
        {
          key: "purchases",
          name: "Purchases",
          hint: definitions.purchases,
          show: (row) => count(row.purchases),
        },
        {
          key: "purchase_rate",
          name: "Purchases per view",
          hint: definitions.purchaseRate,
          show: (row) => percent(row.purchase_rate, 2),
        },
        {
          key: "revenue",
          name: "Revenue",
          hint: definitions.grossRevenue,
          show: (row) => money(row.revenue, row.currency),
        },
      ]}
    />
  );
}

const noKpis = (start: number, currency: string): KpiBucket => ({
  start,
  currency,
  events: 0,
  net_revenue: "0",
});

export function Overview() {
  const currencies = [
    ...new Set([
      shop.value?.currency ?? "EUR",
      ...(state.value?.kpis?.day ?? []).map((row) => row.currency),
    ]),
  ];
  const currency = parameter("currency") || (shop.value?.currency ?? "EUR");
  const { from, to, grain, dataFrom, dataTo } = range.value;
  const kpis = useReport("kpis", { from, to, grain, limit: 2000 });
  const funnel = useReport("funnel", { from, to, measure: "free" });
  const devices = useReport("devices", { from, to });
  const categories = useReport("categories", { from, to });
  const hours = wholeHours(from, to);
  const chart = (all: KpiBucket[]) => {
    const rows = filled(
      all.filter((row) => row.currency === currency),
      dataFrom,
      dataTo,
      grain,
      zone(),
      (start) => noKpis(start, currency),
    );
    const lines = [
      { name: "Events", values: rows.map((row) => row.events), show: count, area: true },
      {
        name: `Net revenue (${currency})`,
        values: rows.map((row) => Number(row.net_revenue)),
        show: (value: number) => money(value, currency),
        onRight: true,
      },
    ];
    return (
      <TimeLines
        label={`Events and net revenue by ${grain}`}
        height={260}
        grain={grain}
        starts={rows.map((row) => row.start)}
        lines={lines}
      />
    );
  };
  return (
    <>
      {currencies.length > 1 && (
        <label class="filters">
          Currency{" "}
          <select
            value={currency}
            onChange={(event) => setParameters({ currency: event.currentTarget.value })}
          >
            {currencies.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      )}
      <Figures currency={currency} />
      <div class="panels">
        <Panel title="Events and revenue" note={`by ${grain}`} wide>
          <Shown report={kpis} empty="No events">
            {chart}
          </Shown>
        </Panel>
        <Panel
          title="Funnel"
          note={
            <>
              <Term hint={measures.free.means}>{measures.free.name}</Term>; sessions started {hours}
              ; <a href={link("funnel")}>details</a>
            </>
          }
        >
          <Shown report={funnel} empty="No sessions">
            {(rows) => <FunnelBars row={rows[0]!} />}
          </Shown>
        </Panel>
        <Panel title="Alerts" note={<a href={link("alerts")}>all alerts</a>}>
          <Alerts />
        </Panel>
        <Panel title="Devices" note={hours}>
          <Shown report={devices} empty="No views, carts or purchases">
            {(rows) => <GroupTable rows={rows} name="Device" />}
          </Shown>
        </Panel>
        <Panel title="Categories" note={hours}>
          <Shown report={categories} empty="No views, carts or purchases">
            {(rows) => <GroupTable rows={rows} name="Category" />}
          </Shown>
        </Panel>
      </div>
    </>
  );
}
