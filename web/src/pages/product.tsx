import type { Row } from "../api/client";
import { useReport } from "../api/use_report";
import { axisWith, base, Chart } from "../components/chart";
import { Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { grain, range } from "../range";
import { link, route } from "../router";
import { count, dateTime, money, percent, shortTime } from "../shop";

interface Point extends Row {
  start: number;
  currency: string;
  views: number;
  carts: number;
  purchases: number;
  revenue: string;
  cart_rate: number | null;
  purchase_rate: number | null;
}

export function Product() {
  const product = route.value.parameters.get("product") ?? "";
  const { from, to } = range.value;
  const report = useReport<Point>("product", { product, from, to, grain: grain.value, limit: 2000 });
  const series = (rows: Point[]) => () => ({
    ...base(),
    xAxis: axisWith({ type: "time", axisLabel: { hideOverlap: true, formatter: (value: number) => shortTime(value, to - from > 86_400_000) }, splitLine: { show: false } }),
    yAxis: axisWith({ type: "value" }),
    series: (["views", "carts", "purchases"] as const).map((name) => ({ name, type: "line", showSymbol: rows.length < 60, data: rows.map((row) => [row.start, row[name]]) })),
  });
  return (
    <div class="panels">
      <Panel title={product} note={<a href={link("products")}>all products</a>} wide>
        <Shown report={report} empty={`${product} has no views, carts or purchases in this time: choose a longer range.`}>
          {(rows) => <Chart label={`Views, carts and purchases of ${product}`} height={280} option={series(rows)} />}
        </Shown>
      </Panel>
      <Panel title={`By ${grain.value}`} wide>
        <Shown report={report} empty="Nothing in this time: choose a longer range.">
          {(rows) => (
            <Table
              caption={`${product} by ${grain.value}`}
              rows={[...rows].reverse()}
              columns={[
                { key: "start", name: "From", text: true, show: (row) => <time>{dateTime(row.start)}</time> },
                { key: "views", name: "Views", show: (row) => count(row.views) },
                { key: "carts", name: "Carts", show: (row) => count(row.carts) },
                { key: "purchases", name: "Purchases", show: (row) => count(row.purchases) },
                { key: "cart_rate", name: "Carts per view", show: (row) => percent(row.cart_rate) },
                { key: "purchase_rate", name: "Purchases per view", show: (row) => percent(row.purchase_rate, 2) },
                { key: "revenue", name: "Revenue", show: (row) => money(row.revenue, row.currency) },
              ]}
            />
          )}
        </Shown>
      </Panel>
    </div>
  );
}
