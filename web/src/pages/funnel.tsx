import type { ReportRow } from "../api/client";
import { useReport } from "../api/use_report";
import { filled, type Grain } from "../buckets";
import { FunnelBars } from "../components/funnel_bars";
import { Panel, Shown } from "../components/states";
import { Table, type Column } from "../components/table";
import { TimeLines } from "../components/time_lines";
import { definitions, measures, type Measure } from "../definitions";
import { range } from "../range";
import { parameter, setParameters } from "../router";
import { count, duration, percent } from "../format";
import { bucketName, wholeHours } from "../format_time";
import { zone } from "../session";

type Steps = ReportRow<"funnel">;
/** The steps of the sessions that started in one hour or day. */
type Bucket = Steps & { start: number };

const seconds = (value: number | null) => (value === null ? "–" : duration(value * 1000));
const noSessions = (start: number): Bucket => ({
  name: null,
  start,
  sessions: 0,
  viewed: 0,
  carted: 0,
  purchased: 0,
  viewed_share: 0,
  carted_share: 0,
  purchased_share: 0,
  drop_off_to_cart: null,
  drop_off_to_purchase: null,
  median_view_to_cart_s: null,
  median_cart_to_purchase_s: null,
});

/**
 * The columns that the tables of this page share. `sessions` defines which sessions a row counts.
 */
function stepColumns<R extends Steps>(sessions: string): Column<R>[] {
  return [
    { key: "sessions", name: "Sessions", hint: sessions, show: (row) => count(row.sessions) },
    { key: "viewed", name: "Viewed", show: (row) => count(row.viewed) },
    { key: "carted", name: "Added to cart", show: (row) => count(row.carted) },
    {
      key: "drop_off_to_cart",
      name: "Drop-off",
      hint: definitions.dropOffToCart,
      show: (row) => percent(row.drop_off_to_cart),
    },
    { key: "purchased", name: "Purchased", show: (row) => count(row.purchased) },
    {
      key: "drop_off_to_purchase",
      name: "Drop-off",
      hint: definitions.dropOffToPurchase,
      show: (row) => percent(row.drop_off_to_purchase),
    },
  ];
}

function MeasureSwitch({ measure }: { measure: Measure }) {
  return (
    <fieldset class="filters measure">
      <legend class="note">How steps are counted</legend>
      {(Object.keys(measures) as Measure[]).map((each) => (
        <label key={each}>
          <input
            type="radio"
            name="measure"
            checked={each === measure}
            onChange={() => setParameters({ measure: each === "free" ? undefined : each })}
          />{" "}
          {measures[each].name}
        </label>
      ))}
      <p class="note">{measures[measure].means}</p>
    </fieldset>
  );
}

function OverTime({ rows, grain, strict }: { rows: Steps[]; grain: Grain; strict: boolean }) {
  const { dataFrom, dataTo } = range.value;
  const buckets = rows.filter((row): row is Bucket => row.start !== null);
  const all = filled(buckets, dataFrom, dataTo, grain, zone(), noSessions);
  const share = (row: Bucket, part: number) => (row.sessions > 0 ? part : null);
  const lines = [
    {
      name: "Added to cart",
      values: all.map((row) => share(row, row.carted_share)),
      show: percent,
    },
    { name: "Purchased", values: all.map((row) => share(row, row.purchased_share)), show: percent },
  ];
  const medians: Column<Bucket>[] = [
    {
      key: "median_view_to_cart_s",
      name: "Median time to cart",
      hint: definitions.medianToCart,
      show: (row) => seconds(row.median_view_to_cart_s),
    },
    {
      key: "median_cart_to_purchase_s",
      name: "Median time to purchase",
      hint: definitions.medianToPurchase,
      show: (row) => seconds(row.median_cart_to_purchase_s),
    },
  ];
  return (
    <>
      <TimeLines
        label={`Share of sessions that added to the cart and that purchased, by ${grain}`}
        grain={grain}
        starts={all.map((row) => row.start)}
        lines={lines}
      />
      <Table
        caption={`Funnel by ${grain}`}
        rows={buckets.reverse()}
        columns={[
          {
            key: "start",
            name: "Start",
            text: true,
            show: (row) => <time>{bucketName(row.start, grain)}</time>,
          },
          ...stepColumns<Bucket>(`Sessions that started in this ${grain}.`),
          ...(strict ? medians : []),
        ]}
      />
    </>
  );
}

export function Funnel() {
  const measure: Measure = parameter("measure") === "strict" ? "strict" : "free";
  const { from, to } = range.value;
  const grain = range.value.grain === "day" ? "day" : "hour";
  const total = useReport("funnel", { from, to, measure });
  const over = useReport("funnel", { from, to, measure, by: grain, limit: 1000 });
  const devices = useReport("funnel", { from, to, measure, by: "device" });
  const categories = useReport("funnel", { from, to, measure, by: "category" });
  const groups = (rows: Steps[], of: string, sessions: string) => (
    <Table
      name={of.toLowerCase()}
      caption={`Funnel by ${of.toLowerCase()}`}
      rows={rows}
      columns={[{ key: "name", name: of, text: true }, ...stepColumns<Steps>(sessions)]}
    />
  );
  return (
    <>
      <MeasureSwitch measure={measure} />
      <div class="panels">
        <Panel title="Steps" note={`sessions started ${wholeHours(from, to)}`}>
          <Shown report={total} empty="No sessions">
            {(rows) => <FunnelBars row={rows[0]!} />}
          </Shown>
        </Panel>
        <Panel title="By device">
          <Shown report={devices} empty="No sessions">
            {(rows) => groups(rows, "Device", definitions.funnelSessions)}
          </Shown>
        </Panel>
        <Panel
          title="Over time"
          note={`share of sessions by the ${grain} in which they started`}
          wide
        >
          <Shown report={over} empty="No sessions">
            {(rows) => <OverTime rows={rows} grain={grain} strict={measure === "strict"} />}
          </Shown>
        </Panel>
        <Panel title="By category" wide>
          <Shown report={categories} empty="No views, carts or purchases">
            {(rows) => groups(rows, "Category", definitions.groupSessions)}
          </Shown>
        </Panel>
      </div>
    </>
  );
}
