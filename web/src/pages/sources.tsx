import type { ReportRow } from "../api/client";
import { useReport } from "../api/use_report";
import { Choice } from "../components/choice";
import { Panel, Shown } from "../components/states";
import { Table, type Column } from "../components/table";
import { definitions } from "../definitions";
import { range } from "../range";
import { parameter, setParameters } from "../router";
import { count, money, percent } from "../format";

type Source = ReportRow<"sources">;

const groups = [
  { value: "channel", name: "Channel", none: "unknown" },
  { value: "source", name: "Source", none: "direct or unknown" },
  { value: "campaign", name: "Campaign", none: "no campaign" },
  { value: "landing_page", name: "Landing page", none: "unknown" },
] as const;

function columns(group: (typeof groups)[number]): Column<Source>[] {
  return [
    { key: "name", name: group.name, text: true, show: (row) => row.name ?? group.none },
    {
      key: "visitors",
      name: "Visitors",
      hint: definitions.sourceVisitors,
      show: (row) => count(row.visitors),
    },
    {
      key: "sessions",
      name: "Sessions",
      hint: definitions.sessions,
      show: (row) => count(row.sessions),
    },
    {
      key: "orders",
      name: "Orders",
      hint: definitions.orders,
      show: (row) => count(row.orders),
    },
    {
      key: "revenue",
      name: "Revenue",
      hint: definitions.grossRevenue,
      show: (row) => money(row.revenue, row.currency),
    },
    {
      key: "conversion",
      name: "Conversion",
      hint: definitions.conversion,
      show: (row) => percent(row.conversion, 2),
    },
  ];
}

export function Sources() {
  const group = groups.find((each) => each.value === parameter("group")) ?? groups[0];
  const { from, to } = range.value;
  const report = useReport("sources", { from, to, group: group.value, limit: 500 });
  return (
    <div class="panels">
      <Panel
        title={`Sessions by ${group.name.toLowerCase()}`}
        note={report.truncated ? "the largest 500" : "of sessions that began in these hours"}
        wide
      >
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <Choice
            label="By"
            value={group.value}
            options={groups.map((each) => ({ value: each.value, name: each.name.toLowerCase() }))}
            onChange={(group) => setParameters({ group })}
          />
        </form>
        <Shown report={report} empty="No sessions">
          {(rows) => (
            <Table caption={`Sessions by ${group.name}`} rows={rows} columns={columns(group)} />
          )}
        </Shown>
      </Panel>
    </div>
  );
}
