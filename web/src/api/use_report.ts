import { useEffect, useRef, useState } from "preact/hooks";
import {
  report,
  type Problem,
  type ReportName,
  type ReportParameters,
  type ReportRow,
  type Row,
} from "./client";

export interface Report<R extends Row> {
  /** Null until the report has been loaded for the first time. */
  rows: R[] | null;
  truncated: boolean;
  problem: Problem | null;
  reload: () => void;
}

const refreshMs = 5000;

/** Loads a report, and loads it again every few seconds while the page is visible. */
export function useReport<Name extends ReportName>(
  name: Name,
  parameters: ReportParameters<Name>,
): Report<ReportRow<Name>> {
  const key = JSON.stringify(parameters);
  // The range moves on every minute. Rows of the previous minute are shown until the next ones
  // arrive.
  const about = JSON.stringify({ ...parameters, from: undefined, to: undefined });
  const [result, setResult] = useState<{
    about: string;
    rows: ReportRow<Name>[] | null;
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
          const body = await report(
            name,
            JSON.parse(key) as ReportParameters<Name>,
            control.signal,
          );
          setResult({ about, rows: body.rows, truncated: body.truncated, problem: null });
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
      timer = window.setTimeout(() => void load(), refreshMs);
    };
    again.current = () => void load();
    void load();
    return () => {
      control.abort();
      clearTimeout(timer);
    };
  }, [name, key]);
  const shown = result.about === about ? result : { rows: null, truncated: false, problem: null };
  return { ...shown, reload: () => again.current?.() };
}
