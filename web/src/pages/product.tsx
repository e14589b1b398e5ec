import type { ReportRow } from "../api/client";
import { useReport } from "../api/use_report";
import { filled } from "../buckets";
import { Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { TimeLines } from "../components/time_lines";
import { definitions } from "../definitions";
import { range } from "../range";
import { link, parameter } from "../router";
import { count, money, percent } from "../format";
import { bucketName } from "../format_time";
import { shopCurrency, zone } from "../session";

type Point = ReportRow<"product">;

const none = (start: number): Point => ({
  ...{
    start,
    currency: shopCurrency(),
    views: 0,
    carts: 0,
    purchases: 0,
    revenue: "0",
  },
  ...{ cart_rate: null, purchase_rate: null },
});

/** The counts of each bucket, added up over all currencies. */
function counted(rows: Point[]): Point[] {
  const all = new Map<number, Point>();
  for (const row of rows) {
    const sum = all.get(row.start) ?? none(row.start);
    all.set(row.start, {
      ...sum,
      views: sum.views + row.views,
      carts: sum.carts + row.carts,
      purchases: sum.purchases + row.purchases,
    });
  }
  return [...all.values()];
}

export function Product() {
  const product = parameter("product");
  const { from, to, grain, dataFrom, dataTo } = range.value;
  const report = useReport("product", { product, from, to, grain, limit: 2000 });
  const chart = (rows: Point[]) => {
    const all = filled(counted(rows), dataFrom, dataTo, grain, zone(), none);
    const lines = (["views", "carts", "purchases"] as const).map((name) => ({
      name,
      values: all.map((row) => row[name]),
      show: count,
    }));
    return (
      <TimeLines
        label={`Views, carts and purchases of ${product}`}
        height={280}
        grain={grain}
        starts={all.map((row) => row.start)}
        lines={lines}
      />
    );
  };
  return (
    <div class="panels">
      <Panel title={product} note={<a href={link("products")}>all products</a>} wide>
        <Shown report={report} empty={`No views, carts or purchases of ${product}`}>
          {chart}
        </Shown>
      </Panel>
      <Panel title={`By ${grain}`} wide>
        <Shown report={report} empty="No views, carts or purchases">
          {(rows) => (
            <Table
              caption={`${product} by ${grain}`}
              rows={[...rows].reverse()}
              columns={[
                {
                  key: "start",
                  name: "Start",
                  text: true,
                  show: (row) => <time>{bucketName(row.start, grain)}</time>,
                },
                {
                  key: "views",
                  name: "Views",
                  hint: definitions.views,
                  show: (row) => count(row.views),
                },
                {
                  key: "carts",
                  name: "Carts",
                  hint: definitions.carts,
                  show: (row) => count(row.carts),
                },
                {
                  key: "purchases",
                  name: "Purchases",
                  hint: definitions.purchases,
                  show: (row) => count(row.purchases),
                },
                {
                  key: "cart_rate",
                  name: "Carts per view",
                  hint: definitions.cartRate,
                  show: (row) => percent(row.cart_rate),
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
          )}
        </Shown>
      </Panel>
    </div>
  );
}
