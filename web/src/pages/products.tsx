import type { Schemas } from "../api/client";
import { useReport } from "../api/use_report";
import { axisWith, base, Chart, colour } from "../components/chart";
import { Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { definitions } from "../definitions";
import { range } from "../range";
import { link } from "../router";
import { count, money, percent } from "../format";
import { shop } from "../session";

function scatter(rows: Schemas["ProductMetrics"][]) {
  const [share, conversion] = [
    shop.value?.interest_share ?? 0.05,
    shop.value?.interest_conversion ?? 0.03,
  ];
  const shown = rows.filter((row) => row.share_of_views !== null && row.purchase_rate !== null);
  const mostInterest = Math.max(share * 1.5, ...shown.map((row) => row.share_of_views! * 1.1));
  const point = (row: Schemas["ProductMetrics"]) => ({
    name: row.product_id,
    value: [row.share_of_views, row.purchase_rate],
  });
  const percentAxis = (name: string, extra: Record<string, unknown> = {}) =>
    axisWith({
      type: "value",
      name,
      nameLocation: "middle",
      nameGap: 30,
      min: 0,
      axisLabel: { formatter: (value: number) => percent(value) },
      ...extra,
    });
  return {
    ...base(),
    grid: { left: 28, right: 24, top: 28, bottom: 28, containLabel: true },
    tooltip: {
      ...(base().tooltip as object),
      trigger: "item",
      formatter: (item: { name: string; value: [number, number] }) =>
        `${item.name}\n${percent(item.value[0])} of all views\n${percent(item.value[1], 2)} purchases per view`,
    },
    xAxis: percentAxis("Share of all views", { max: mostInterest }),
    yAxis: percentAxis("Purchases per view", { nameGap: 44 }),
    series: [
      {
        name: "Products",
        type: "scatter",
        symbolSize: 9,
        data: shown.filter((row) => !row.high_interest).map(point),
        markArea: {
          silent: true,
          itemStyle: { color: colour("bad"), opacity: 0.12 },
          label: { position: "insideTopRight", color: colour("bad") },
          data: [
            [
              { name: "high interest, low conversion", xAxis: share, yAxis: 0 },
              { xAxis: mostInterest, yAxis: conversion },
            ],
          ],
        },
      },
      {
        name: "High interest, low conversion",
        type: "scatter",
        symbolSize: 13,
        itemStyle: { color: colour("bad") },
        data: shown.filter((row) => row.high_interest).map(point),
      },
    ],
  };
}

export function Products() {
  const { from, to } = range.value;
  const products = useReport("products", { from, to, limit: 1000 });
  return (
    <div class="panels">
      <Panel
        title="Interest and conversion"
        note="each dot is a product; click one to open its page"
        wide
      >
        <Shown report={products} empty="No views, carts or purchases">
          {(rows) => (
            <Chart
              label="Share of views and purchases per view of each product"
              height={340}
              option={() => scatter(rows)}
              onSelect={(name) => (location.hash = link("product", { product: name }))}
            />
          )}
        </Shown>
      </Panel>
      <Panel title="Products" note={products.truncated ? "the 1,000 most viewed" : undefined} wide>
        <Shown report={products} empty="No views, carts or purchases">
          {(rows) => (
            <Table
              caption="Products"
              rows={rows}
              columns={[
                {
                  key: "product_id",
                  name: "Product",
                  text: true,
                  show: (row) => (
                    <a href={link("product", { product: row.product_id })}>{row.product_id}</a>
                  ),
                },
                { key: "product_category", name: "Category", text: true },
                {
                  key: "views",
                  name: "Views",
                  hint: definitions.views,
                  show: (row) => count(row.views),
                },
                {
                  key: "share_of_views",
                  name: "Share of views",
                  hint: definitions.shareOfViews,
                  show: (row) => percent(row.share_of_views),
                },
                {
                  key: "carts",
                  name: "Carts",
                  hint: definitions.carts,
                  show: (row) => count(row.carts),
                },
                {
                  key: "cart_rate",
                  name: "Carts per view",
                  hint: definitions.cartRate,
                  show: (row) => percent(row.cart_rate),
                },
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
                {
                  key: "high_interest",
                  name: "Note",
                  text: true,
                  show: (row) =>
                    row.high_interest ? <span class="tag bad">low conversion</span> : "",
                },
              ]}
            />
          )}
        </Shown>
      </Panel>
    </div>
  );
}
