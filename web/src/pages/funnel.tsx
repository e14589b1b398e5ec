import type { Row } from "../api/client";
import { useReport } from "../api/use_report";
import { axisWith, base, Chart } from "../components/chart";
import { FunnelBars, type FunnelRow } from "../components/funnel_bars";
import { Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { grain, range } from "../range";
import { count, dateTime, duration, percent, shortTime } from "../shop";

interface Step extends Row {
  start: number;
  sessions: number;
  viewed: number;
  carted: number;
  purchased: number;
  drop_off_to_cart: number | null;
  drop_off_to_purchase: number | null;
  median_view_to_cart_s: number | null;
  median_cart_to_purchase_s: number | null;
}
interface Group extends Row {
  name: string;
  sessions: number;
  viewed: number;
  carted: number;
  purchased: number;
  drop_off_to_cart: number | null;
  drop_off_to_purchase: number | null;
}
const seconds = (value: number | null) => (value === null ? "–" : duration(value * 1000));

function Groups({ rows, of }: { rows: Group[]; of: string }) {
  return (
    <Table
      caption={`Funnel by ${of.toLowerCase()}`}
      rows={rows}
      columns={[
        { key: "name", name: of, text: true },
        { key: "sessions", name: "Sessions", show: (row) => count(row.sessions) },
        { key: "viewed", name: "Viewed", show: (row) => count(row.viewed) },
        { key: "carted", name: "Carted", show: (row) => count(row.carted) },
        { key: "drop_off_to_cart", name: "Drop off", show: (row) => percent(row.drop_off_to_cart) },
        { key: "purchased", name: "Bought", show: (row) => count(row.purchased) },
        { key: "drop_off_to_purchase", name: "Drop off", show: (row) => percent(row.drop_off_to_purchase) },
      ]}
    />
  );
}

export function Funnel() {
  const { from, to } = range.value;
  const step = grain.value === "day" ? "day" : "hour";
  const total = useReport<FunnelRow>("funnel", { from, to });
  const over = useReport<Step>("funnel_over_time", { from, to, grain: step, limit: 1000 });
  const devices = useReport<Group>("funnel_devices", { from, to });
  const categories = useReport<Group>("funnel_categories", { from, to });
  const bars = (rows: Step[]) => () => ({
    ...base(),
    xAxis: axisWith({ type: "category", data: rows.map((row) => shortTime(row.start, to - from > 86_400_000)), splitLine: { show: false } }),
    yAxis: axisWith({ type: "value" }),
    series: (["sessions", "viewed", "carted", "purchased"] as const).map((name) => ({ name, type: "bar", data: rows.map((row) => row[name]) })),
  });
  return (
    <div class="panels">
      <Panel title="Steps" note="of one product within a session, in this order; by whole hours">
        <Shown report={total} empty="No sessions in this time: choose a longer range.">
          {(rows) => <FunnelBars row={rows[0]!} />}
        </Shown>
      </Panel>
      <Panel title="By device" note="sessions with a view, a cart, a purchase">
        <Shown report={devices} empty="No sessions in this time: choose a longer range.">{(rows) => <Groups rows={rows} of="Device" />}</Shown>
      </Panel>
      <Panel title="Over time" note={`by ${step} in which sessions began`} wide>
        <Shown report={over} empty="No sessions in this time: choose a longer range.">
          {(rows) => (
            <>
              <Chart label={`Sessions at each step by ${step}`} option={bars(rows)} />
              <Table
                caption={`Funnel by ${step}`}
                rows={[...rows].reverse()}
                columns={[
                  { key: "start", name: "From", text: true, show: (row) => <time>{dateTime(row.start)}</time> },
                  { key: "sessions", name: "Sessions", show: (row) => count(row.sessions) },
                  { key: "viewed", name: "Viewed", show: (row) => count(row.viewed) },
                  { key: "carted", name: "Carted", show: (row) => count(row.carted) },
                  { key: "purchased", name: "Bought", show: (row) => count(row.purchased) },
                  { key: "drop_off_to_cart", name: "Drop off to cart", show: (row) => percent(row.drop_off_to_cart) },
                  { key: "drop_off_to_purchase", name: "Drop off to purchase", show: (row) => percent(row.drop_off_to_purchase) },
                  { key: "median_view_to_cart_s", name: "View to cart, median", show: (row) => seconds(row.median_view_to_cart_s) },
                  { key: "median_cart_to_purchase_s", name: "Cart to purchase, median", show: (row) => seconds(row.median_cart_to_purchase_s) },
                ]}
              />
            </>
          )}
        </Shown>
      </Panel>
      <Panel title="By category" note="sessions with a view, a cart, a purchase in it" wide>
        <Shown report={categories} empty="No sessions in this time: choose a longer range.">{(rows) => <Groups rows={rows} of="Category" />}</Shown>
      </Panel>
    </div>
  );
}
