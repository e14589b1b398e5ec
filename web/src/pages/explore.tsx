import { useEffect, useState } from "preact/hooks";
import { download, Problem, sql, type Row, type SqlResult } from "../api/client";
import { Fault, Panel } from "../components/states";
import { Table } from "../components/table";
import { parameter, setParameters } from "../router";
import { count, counted } from "../format";

const examples = [
  {
    name: "Events by type",
    query: "select event_type, count(*) as events\nfrom silver\ngroup by all\norder by events desc",
  },
  {
    name: "Revenue by day",
    query:
      "select day, currency, net_revenue, orders\nfrom live.kpis\nwhere grain = 'day'\norder by day",
  },
  {
    name: "Top customers",
    query:
      "select user_id, sum(net_spend) as spend, sum(orders) as orders\nfrom live.users\ngroup by all\norder by spend desc\nlimit 20",
  },
  { name: "Tables", query: "show all tables" },
];
const maxRows = 1000;

export function Explore() {
  const linked = parameter("query");
  const [query, setQuery] = useState(linked || examples[0]!.query);
  useEffect(() => {
    if (linked) setQuery(linked);
  }, [linked]);
  const [result, setResult] = useState<SqlResult | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const guarded = async (work: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  const run = () => {
    setParameters({ query });
    return guarded(async () => setResult(await sql(query, maxRows)));
  };
  const save = (format: "csv" | "parquet") =>
    guarded(async () => {
      const address = URL.createObjectURL(await download(query, format));
      const anchor = Object.assign(document.createElement("a"), {
        href: address,
        download: `millrace.${format}`,
      });
      anchor.click();
      URL.revokeObjectURL(address);
    });
  return (
    <div class="panels">
      <Panel
        title="SQL"
        note="one SELECT statement over silver, quarantine, gold.* and live.*; live.* is gold.* with the windows that are still open"
        wide
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <label>
            <span class="hidden">Query</span>
            <textarea
              rows={7}
              spellcheck={false}
              value={query}
              onInput={(event) => setQuery(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void run();
              }}
            />
          </label>
          <div class="filters">
            <button type="submit" class="primary" disabled={busy}>
              {busy ? "Running…" : "Run (Ctrl+Enter)"}
            </button>
            <button type="button" disabled={busy} onClick={() => void save("csv")}>
              Download CSV
            </button>
            <button type="button" disabled={busy} onClick={() => void save("parquet")}>
              Download Parquet
            </button>
            <span class="note">Examples:</span>
            {examples.map((each) => (
              <button
                key={each.name}
                type="button"
                class="plain"
                onClick={() => setQuery(each.query)}
              >
                {each.name}
              </button>
            ))}
          </div>
        </form>
        {problem && <Fault problem={problem} />}
      </Panel>
      {result && (
        <Panel
          title="Result"
          note={
            result.truncated
              ? `the first ${count(maxRows)} rows; a download contains all rows`
              : counted(result.rows.length, "row")
          }
          wide
        >
          {result.rows.length === 0 ? (
            <p class="quiet">The query returned no rows.</p>
          ) : (
            <Table
              caption="Result"
              rows={result.rows}
              columns={result.columns.map((column) => ({
                key: column.name,
                name: column.name,
                text: !/INT|DOUBLE|DECIMAL|FLOAT/.test(column.type),
                show: (row: Row) => {
                  const value = row[column.name];
                  return value === null || value === undefined ? (
                    <span class="note">null</span>
                  ) : typeof value === "string" ? (
                    value
                  ) : (
                    JSON.stringify(value)
                  );
                },
              }))}
            />
          )}
        </Panel>
      )}
    </div>
  );
}
