import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, report, type Parameters, type ReportName, type Row } from "./client";

export interface Report<R extends Row> {
  rows: R[] | null;
  truncated: boolean;
  problem: Problem | null;
  reload: () => void;
}

/** A report's rows, made again every few seconds while the page is seen. */
export function useReport<R extends Row>(
  name: ReportName,
  parameters: Parameters,
  everyMs = 5000,
): Report<R> {
  const key = JSON.stringify(parameters);
  // The end of a range moves on each minute; rows of a minute ago will do until the next ones come.
  const about = JSON.stringify({ ...parameters, from: undefined, to: undefined });
  const [result, setResult] = useState<{
    about: string;
    rows: R[] | null;
    truncated: boolean;
    problem: Problem | null;
  }>({
    about,
    rows: null,
    truncated: false,
    problem: null,
  });
  const again = useRef<(() => void) | null>(null);
  useEffect(() => {
    let timer = 0;
    const control = new AbortController();
    const load = async () => {
      clearTimeout(timer);
      try {
        if (!document.hidden) {
          const made = await report(name, JSON.parse(key) as Parameters, control.signal);
          setResult({ about, rows: made.rows as R[], truncated: made.truncated, problem: null });
        }
      } catch (error) {
        if (control.signal.aborted) return;
        setResult((before) => ({
          ...before,
          about,
          rows: before.about === about ? before.rows : null,
          problem: error as Problem,
        }));
      }
      timer = window.setTimeout(() => void load(), everyMs);
    };
    again.current = () => void load();
    void load();
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [name, key, everyMs]);
  const shown = result.about === about ? result : { rows: null, truncated: false, problem: null };
  return { ...shown, reload: () => again.current?.() };
}
