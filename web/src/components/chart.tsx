import { signal } from "@preact/signals";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef } from "preact/hooks";

const media = window.matchMedia("(prefers-color-scheme: dark)");
export const theme = signal<"dark" | "light">(startTheme());
apply();

function startTheme(): "dark" | "light" {
  try {
    const kept = localStorage.getItem("theme");
    if (kept === "dark" || kept === "light") return kept;
  } catch {
    /* The browser forbids local storage. The system's choice applies. */
  }
  return media.matches ? "dark" : "light";
}
function apply(): void {
  document.documentElement.dataset.theme = theme.value;
}
export function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", theme.value);
  } catch {
    /* The choice lasts as long as the page. */
  }
  apply();
}

/** The colour of the current theme in a CSS variable. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * The options that all charts share. Tooltips are drawn on the canvas, so that their texts are
 * never read as HTML.
 */
export function base(): EChartsCoreOption {
  const text = colour("muted");
  const axis = {
    axisLine: { lineStyle: { color: colour("line") } },
    axisLabel: { color: text },
    splitLine: { lineStyle: { color: colour("line") } },
  };
  return {
    animation: false,
    color: [colour("accent"), colour("second"), colour("third"), colour("fourth")],
    textStyle: { color: text, fontFamily: "inherit" },
    grid: { left: 8, right: 8, top: 28, bottom: 8, containLabel: true },
    legend: { top: 0, right: 0, textStyle: { color: text }, icon: "roundRect", itemHeight: 8 },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: colour("panel"),
      borderColor: colour("line"),
      textStyle: { color: colour("text") },
    },
    xAxis: axis,
    yAxis: axis,
  };
}

/** The shared axis with some options changed. */
export function axisWith(extra: { axisLabel?: object } & Record<string, unknown>): object {
  const axis = base().xAxis as { axisLabel: object };
  return { ...axis, ...extra, axisLabel: { ...axis.axisLabel, ...extra.axisLabel } };
}

/**
 * A chart. `option` is called again when the theme changes, because it reads the theme's colours.
 */
export function Chart({
  option,
  label,
  height = 240,
  onSelect,
}: {
  option: () => EChartsCoreOption;
  label: string;
  height?: number;
  onSelect?: (name: string) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const latest = useRef(option);
  latest.current = option;
  useEffect(() => {
    const observer = new ResizeObserver(() => chart.current?.resize());
    let gone = false;
    const failed = () => place.current?.append("The chart could not be loaded. Reload the page.");
    void import("./echarts").then(({ init }) => {
      if (gone || !place.current) return;
      chart.current = init(place.current);
      chart.current.setOption(latest.current());
      if (onSelect) chart.current.on("click", (event) => onSelect(event.name));
      observer.observe(place.current);
    }, failed);
    return () => {
      gone = true;
      observer.disconnect();
      chart.current?.dispose();
    };
  }, []);
  const shown = theme.value;
  useEffect(
    () => chart.current?.setOption(option(), { replaceMerge: ["series"] }),
    [option, shown],
  );
  return (
    <div
      class="chart"
      ref={place}
      style={{ height: `${height}px` }}
      role="img"
      aria-label={label}
    />
  );
}
