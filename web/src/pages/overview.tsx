import { useState } from "preact/hooks";
import type { Row } from "../api/client";
import { connected, state } from "../api/live";
import { useReport } from "../api/use_report";
import { axisWith, base, Chart } from "../components/chart";
import { Figure, Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { FunnelBars, type FunnelRow } from "../components/funnel_bars";
import { grain, range } from "../range";
import { link } from "../router";
import { change, count, dateTime, decimal, isToday, money, onDay, percent, shop, shortTime } from "../shop";

interface Compared extends Row {
  day: string;
  currency: string;
  net_revenue: string;
  change_since: number | null;
}
interface KpiRow extends Row {
  start: number;
  currency: string;
  events: number;
  net_revenue: string;
}
export interface GroupRow extends Row {
  name: string;
  currency: string;
  views: number;
  carts: number;
  purchases: number;
  revenue: string;
  purchase_rate: number | null;
}

function Figures({ currency }: { currency: string }) {
  const compared = useReport<Compared>("comparison", {});
  const kpis = state.value?.kpis;
  const of = (grainName: string) => kpis?.[grainName]?.find((row) => row.currency === currency);
  const [day, hour] = [of("day"), of("hour")];
  const before = (name: string) => compared.rows?.find((row) => row.day === name && row.currency === currency);
  const note = (name: string, words: string) => {
    const then = before(name);
    if (compared.problem) return `no comparison: ${compared.problem.message}`;
    if (compared.rows === null) return "…";
    return then && then.change_since !== null ? `${change(then.change_since)} on ${words} by ${today ? "now" : "then"} (${money(then.net_revenue, currency)})` : `nothing ${words} to compare with`;
  };
  const start = day?.window_start;
  const today = start === undefined || isToday(start);
  const when = onDay(start);
  const inHour = hour === undefined || hour.window_end > Date.now() ? "this hour" : `in the hour from ${shortTime(hour.window_start, true)}`;
  const tone = (before("yesterday")?.change_since ?? 0) < 0 ? "bad" : "good";
  if (state.value !== null && !kpis) return <p class="quiet">Gold is busy, or runs in another process, which has the figures of today. What is closed is below.</p>;
  return (
    <dl class="figures">
      <Figure name="Events a second" value={decimal(state.value?.pipeline?.events_per_second ?? null)} note={connected.value ? "live" : "not live"} />
      <Figure name="Active users" value={count(hour?.active_users)} note={`${inHour}; ${count(day?.active_users)} ${when}, of them ${count(day?.bot_users)} bots`} />
      <Figure name={`Sessions ${when}`} value={count(day?.sessions)} note={`${count(hour?.sessions)} ${inHour}; ${count(day?.bot_sessions)} of bots ${when}`} />
      <Figure
        name={`Revenue ${when}`}
        value={money(day?.net_revenue, currency)}
        note={
          <>
            {note("yesterday", today ? "yesterday" : "the day before")}
            <br />
            {note("last_week", today ? "last week" : "a week before")}
          </>
        }
        tone={before("yesterday") ? tone : undefined}
      />
      <Figure name={`Orders ${when}`} value={count(day?.orders)} note={`${money(day?.average_order_value, currency)} each on average`} />
      <Figure name={`Conversion ${when}`} value={percent(day?.conversion)} note="sessions with a purchase" />
    </dl>
  );
}

function Alerts() {
  if (state.value === null) return <p class="quiet">Waiting for the figures…</p>;
  const firing = state.value.firing;
  if (firing.length === 0) return <p class="quiet">Nothing is wrong.</p>;
  return (
    <ul class="alerts">
      {firing.map((alert) => (
        <li key={alert.alert_id} class={alert.severity}>
          <strong>{alert.rule.replaceAll("_", " ")}</strong> {alert.message} <span class="note">since {dateTime(alert.at)}</span>
        </li>
      ))}
    </ul>
  );
}

export function GroupTable({ rows, name }: { rows: GroupRow[]; name: string }) {
  return (
    <Table
      caption={`By ${name}`}
      rows={rows}
      columns={[
        { key: "name", name, text: true },
        { key: "views", name: "Views", show: (row) => count(row.views) },
        { key: "carts", name: "Carts", show: (row) => count(row.carts) },
        { key: "purchases", name: "Purchases", show: (row) => count(row.purchases) },
        { key: "purchase_rate", name: "Per view", show: (row) => percent(row.purchase_rate, 2) },
        { key: "revenue", name: "Revenue", show: (row) => money(row.revenue, row.currency) },
      ]}
    />
  );
}

export function Overview() {
  const currencies = [...new Set([shop.value?.currency ?? "EUR", ...(state.value?.kpis?.["day"] ?? []).map((row) => row.currency)])];
  const [chosenCurrency, setCurrency] = useState("");
  const currency = chosenCurrency || (shop.value?.currency ?? "EUR");
  const { from, to } = range.value;
  const kpis = useReport<KpiRow>("kpis", { from, to, grain: grain.value, limit: 2000 });
  const funnel = useReport<FunnelRow>("funnel", { from, to });
  const devices = useReport<GroupRow>("devices", { from, to });
  const categories = useReport<GroupRow>("categories", { from, to });
  const withDay = to - from > 86_400_000;
  const over = (rows: KpiRow[]) => () => ({
    ...base(),
    xAxis: axisWith({ type: "time", axisLabel: { hideOverlap: true, formatter: (value: number) => shortTime(value, withDay) }, splitLine: { show: false } }),
    yAxis: [axisWith({ type: "value" }), axisWith({ type: "value", splitLine: { show: false } })],
    series: [
      { name: "Events", type: "line", showSymbol: false, areaStyle: { opacity: 0.15 }, data: rows.map((row) => [row.start, row.events]) },
      { name: `Net revenue (${currency})`, type: "line", yAxisIndex: 1, showSymbol: false, data: rows.map((row) => [row.start, Number(row.net_revenue)]) },
    ],
  });
  return (
    <>
      {currencies.length > 1 && (
        <label class="filters">
          Figures of events in{" "}
          <select value={currency} onChange={(event) => setCurrency(event.currentTarget.value)}>
            {currencies.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      )}
      <Figures currency={currency} />
      <div class="panels">
        <Panel title="Events and revenue" note={`by ${grain.value}`} wide>
          <Shown report={kpis} empty="No events in this time. Choose another range, or send some: POST /v1/events.">
            {(rows) => <Chart label={`Events and net revenue by ${grain.value}`} height={260} option={over(rows.filter((row) => row.currency === currency))} />}
          </Shown>
        </Panel>
        <Panel title="Funnel" note={<>by whole hours; <a href={link("funnel")}>more</a></>}>
          <Shown report={funnel} empty="No sessions in this time: choose a longer range.">
            {(rows) => <FunnelBars row={rows[0]!} />}
          </Shown>
        </Panel>
        <Panel title="Alerts" note={<a href={link("alerts")}>all</a>}>
          <Alerts />
        </Panel>
        <Panel title="Devices" note="by whole hours">
          <Shown report={devices} empty="No views, carts or purchases in this time: choose a longer range.">
            {(rows) => <GroupTable rows={rows} name="Device" />}
          </Shown>
        </Panel>
        <Panel title="Categories" note="by whole hours">
          <Shown report={categories} empty="No views, carts or purchases in this time: choose a longer range.">
            {(rows) => <GroupTable rows={rows} name="Category" />}
          </Shown>
        </Panel>
      </div>
    </>
  );
}
