// Line charts over time. If the last bucket is incomplete, its part of each line is dashed, its
// point is hollow and the tooltip says why.
import type { EChartsCoreOption } from "echarts/core";
import { bucketEnd, type Grain } from "../buckets";
import { whyPartial } from "../range";
import { bucketName } from "../format_time";
import { zone } from "../session";
import { axisWith, base, Chart } from "./chart";

export interface Line {
  name: string;
  values: (number | null)[]; // One value per bucket.
  show: (value: number) => string;
  onRight?: boolean; // Whether the values belong to the second axis.
  area?: boolean;
}
interface TimeLinesProperties {
  label: string;
  grain: Grain;
  starts: number[]; // The starts of the buckets, in rising order.
  lines: Line[];
  height?: number;
}
interface AtTime {
  seriesName: string;
  value: [number, number | null];
}

const minPointsOfLine = 3; // Fewer points are drawn as symbols, because a line would hardly show.

function series(line: Line, starts: number[], isLastPartial: boolean): object[] {
  const points = starts.map((start, index) => [start, line.values[index] ?? null]);
  const shared = { name: line.name, type: "line", yAxisIndex: line.onRight ? 1 : 0, symbolSize: 8 };
  const whole = isLastPartial ? points.slice(0, -1) : points;
  const made: object[] = [
    {
      ...shared,
      data: whole,
      showSymbol: points.length < minPointsOfLine,
      symbol: "circle",
      ...(line.area ? { areaStyle: { opacity: 0.15 } } : {}),
    },
  ];
  if (isLastPartial) {
    const end = points.slice(-2).map((value, index, all) => ({
      value,
      symbol: index === all.length - 1 ? "emptyCircle" : "none",
    }));
    made.push({ ...shared, data: end, lineStyle: { type: "dashed" } });
  }
  return made;
}

/**
 * The extent of the time axis. Labels are at least a bucket apart. A single point gets a bucket on
 * either side.
 */
function extent(starts: number[], grain: Grain): object {
  const first = starts[0] ?? 0;
  const length = bucketEnd(first, grain, zone()) - first;
  return {
    minInterval: length,
    ...(starts.length === 1
      ? { min: first - length, max: first + length }
      : { min: null, max: null }),
  };
}

function option(
  { grain, starts, lines }: TimeLinesProperties,
  partial: string | null,
): EChartsCoreOption {
  const withDay = (starts.at(-1) ?? 0) - (starts[0] ?? 0) > 86_400_000;
  const tooltip = (items: AtTime[]) => {
    const at = items[0]!.value[0];
    // The two parts of a line share one bucket.
    const told = new Map(items.map((item) => [item.seriesName, item.value[1]]));
    const head =
      at === starts.at(-1) && partial
        ? `${bucketName(at, grain)} (incomplete: ${partial})`
        : bucketName(at, grain);
    const body = lines
      .filter((line) => told.has(line.name))
      .map(
        (line) =>
          `${line.name}: ${told.get(line.name) == null ? "–" : line.show(told.get(line.name)!)}`,
      );
    return [head, ...body].join("\n");
  };
  const sides = [false, true]
    .map((onRight) => lines.find((line) => Boolean(line.onRight) === onRight))
    .filter((line) => line !== undefined);
  return {
    ...base(),
    tooltip: { ...(base().tooltip as object), formatter: tooltip },
    xAxis: axisWith({
      type: "time",
      ...extent(starts, grain),
      axisLabel: {
        hideOverlap: true,
        formatter: (value: number) => bucketName(value, grain, withDay),
      },
      splitLine: { show: false },
    }),
    yAxis: sides.map((line) =>
      axisWith({
        type: "value",
        axisLabel: { formatter: (value: number) => line.show(value) },
        splitLine: { show: !line.onRight },
      }),
    ),
    series: lines.flatMap((line) => series(line, starts, partial !== null)),
  };
}

export function TimeLines(properties: TimeLinesProperties) {
  const { label, grain, starts, height } = properties;
  const partial = starts.length > 0 ? whyPartial(starts.at(-1)!, grain, zone()) : null;
  return (
    <Chart
      label={partial ? `${label}. The last point is incomplete: ${partial}.` : label}
      height={height}
      option={() => option(properties, partial)}
    />
  );
}
