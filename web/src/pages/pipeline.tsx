import type { Schemas } from "../api/client";
import { state } from "../api/live";
import { useReport } from "../api/use_report";
import { definitions } from "../definitions";
import { axisWith, base, Chart } from "../components/chart";
import { Figure, Panel, Shown } from "../components/states";
import { Table } from "../components/table";
import { link } from "../router";
import { bytes, count, decimal, latency, spaced } from "../format";
import { dateTime, shortTime } from "../format_time";

const phases = [
  "fill_seconds",
  "lookup_seconds",
  "encode_seconds",
  "quarantine_seconds",
  "commit_seconds",
] as const;

const growth = (perHour: number | null) =>
  perHour === null ? "" : `, ${perHour < 0 ? "−" : "+"}${bytes(Math.abs(perHour))} an hour`;

export function Pipeline() {
  const now = state.value;
  const reasons = useReport("quarantine_rules", {});
  const pipeline = now?.pipeline;
  if (!now) return <p class="quiet">Waiting for live figures…</p>;
  const batches = [...(pipeline?.batches ?? [])].sort((a, b) => a.batch - b.batch);
  const last = batches.at(-1);
  const byBatch = () =>
    axisWith({
      type: "category",
      data: batches.map((batch) => shortTime(Date.parse(batch.committed_at), false)),
      splitLine: { show: false },
    });
  const durations = () => ({
    ...base(),
    xAxis: byBatch(),
    yAxis: axisWith({
      type: "value",
      axisLabel: { formatter: (value: number) => latency(value) },
    }),
    series: phases.map((phase) => ({
      name: phase.replace("_seconds", ""),
      type: "bar",
      stack: "phases",
      data: batches.map((batch) => batch[phase]),
    })),
  });
  const rates = () => ({
    ...base(),
    xAxis: byBatch(),
    yAxis: axisWith({ type: "value" }),
    series: (["received", "silver", "duplicates", "quarantined"] as const).map((name) => ({
      name,
      type: "line",
      showSymbol: false,
      data: batches.map((batch) => batch[name]),
    })),
  });
  const speeds = () => ({
    ...base(),
    xAxis: byBatch(),
    yAxis: axisWith({ type: "log", axisLabel: { formatter: (value: number) => count(value) } }),
    series: [
      {
        name: "input per second",
        type: "line",
        showSymbol: false,
        data: batches.map((batch) => batch.input_per_second || null),
      },
      {
        name: "processed per second",
        type: "line",
        showSymbol: false,
        data: batches.map((batch) => batch.rows_per_second || null),
      },
    ],
  });
  const tables = Object.entries(now.tables).map(([name, table]) => ({ name, ...table }));
  return (
    <>
      <dl class="figures">
        <Figure
          name="Input rate"
          value={`${decimal(pipeline?.events_per_second)}/s`}
          note={`${count(pipeline?.in_log)} records in the log`}
        />
        <Figure
          name="Processing rate"
          value={`${count(last?.rows_per_second)}/s`}
          note="in the last batch"
        />
        <Figure
          name="Lag"
          value={count(pipeline?.lag)}
          note="records not yet processed"
          tone={(pipeline?.lag ?? 0) > 100_000 ? "bad" : "good"}
        />
        <Figure
          name="Freshness"
          value={pipeline?.gold_latency_ms == null ? "–" : latency(pipeline.gold_latency_ms / 1000)}
          note="delay from the log to the figures"
        />
        <Figure
          name="Watermark"
          value={now.gold?.watermark == null ? "–" : shortTime(now.gold.watermark, false)}
          note={`${dateTime(now.gold?.watermark)}; ${count(now.gold?.late)} late additions`}
        />
        <Figure
          name="Gold state"
          value={now.gold ? bytes(now.gold.state_bytes) : "–"}
          note="size when last saved"
        />
        <Figure
          name="Tables on disk"
          value={bytes(now.disk.bytes)}
          note={`${count(now.disk.files)} files${growth(now.disk.bytes_per_hour)}`}
        />
        <Figure
          name="IDs in memory"
          value={count(last?.ids_in_memory)}
          note={`${count(pipeline?.duplicates)} duplicates, ${count(pipeline?.quarantined)} quarantined`}
        />
      </dl>
      {!pipeline && (
        <p class="quiet">
          The pipeline runs in another process: its figures are in that one's /metrics.
        </p>
      )}
      <div class="panels">
        <Panel title="Input and processing rate">
          {batches.length > 0 ? (
            <Chart label="Input and processing rate by batch" option={speeds} />
          ) : (
            <p class="quiet">No batches yet. The first batch starts when events arrive.</p>
          )}
        </Panel>
        <Panel title="Records by batch">
          {batches.length > 0 ? (
            <Chart label="Records by batch" option={rates} />
          ) : (
            <p class="quiet">No batches yet. The first batch starts when events arrive.</p>
          )}
        </Panel>
        <Panel title="Batch duration by phase" note="“fill” is the time spent collecting the batch">
          {batches.length > 0 ? (
            <Chart label="Duration of recent batches by phase" option={durations} />
          ) : (
            <p class="quiet">No batches yet. The first batch starts when events arrive.</p>
          )}
        </Panel>
        <Panel title="Partitions">
          <Table
            name="partitions"
            caption="Lag by partition"
            rows={pipeline?.partitions ?? []}
            columns={[
              { key: "partition", name: "Partition" },
              { key: "committed", name: "Next offset", show: (row) => count(row.committed) },
              { key: "end", name: "Log end", show: (row) => count(row.end) },
              { key: "lag", name: "Lag", show: (row) => count(row.lag) },
            ]}
          />
        </Panel>
        <Panel title="Quarantine by reason">
          <Shown report={reasons} timeless empty="No records have been quarantined.">
            {(rows) => (
              <Table
                name="reasons"
                caption="Quarantined records by reason"
                rows={rows}
                columns={[
                  {
                    key: "rule",
                    name: "Rule",
                    text: true,
                    show: (row) => (
                      <a href={link("quarantine", { rule: row.rule })}>{spaced(row.rule)}</a>
                    ),
                  },
                  { key: "records", name: "Records", show: (row) => count(row.records) },
                  {
                    key: "last",
                    name: "Last record",
                    text: true,
                    show: (row) => <time>{dateTime(row.last)}</time>,
                  },
                ]}
              />
            )}
          </Shown>
        </Panel>
        <Panel title="Tables">
          <Table
            name="tables"
            caption="Size of the tables"
            rows={tables}
            columns={[
              { key: "name", name: "Table", text: true },
              { key: "version", name: "Version", show: (row) => count(row.version) },
              { key: "files", name: "Files", show: (row) => count(row.files) },
              { key: "bytes", name: "Size", show: (row) => bytes(row.bytes) },
              {
                key: "disk_files",
                name: "Files on disk",
                hint: definitions.onDisk,
                show: (row) => count(row.disk_files),
              },
              { key: "disk_bytes", name: "On disk", show: (row) => bytes(row.disk_bytes ?? 0) },
            ]}
          />
        </Panel>
        <Panel title="Recent batches" wide>
          <Table
            name="batches"
            caption="Recent batches"
            rows={[...batches].reverse()}
            columns={[
              { key: "batch", name: "Batch" },
              {
                key: "committed_at",
                name: "Committed",
                text: true,
                show: (row) => <time>{dateTime(Date.parse(row.committed_at))}</time>,
              },
              { key: "version", name: "Version", show: (row) => count(row.version) },
              { key: "received", name: "Received", show: (row) => count(row.received) },
              { key: "silver", name: "Silver", show: (row) => count(row.silver) },
              { key: "duplicates", name: "Duplicates", show: (row) => count(row.duplicates) },
              { key: "quarantined", name: "Quarantined", show: (row) => count(row.quarantined) },
              ...phases.map((phase) => ({
                key: phase,
                name: phase.replace("_seconds", ""),
                show: (row: Schemas["Batch"]) => latency(row[phase]),
              })),
              { key: "lag", name: "Lag", show: (row) => count(row.lag) },
            ]}
          />
        </Panel>
      </div>
    </>
  );
}
