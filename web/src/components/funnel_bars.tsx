import type { Row } from "../api/client";
import { count, percent } from "../shop";

export interface FunnelRow extends Row {
  sessions: number;
  viewed: number;
  carted: number;
  purchased: number;
  viewed_share: number | null;
  carted_share: number | null;
  purchased_share: number | null;
  drop_off_to_cart: number | null;
  drop_off_to_purchase: number | null;
}

/** Each step as a bar as long as its share of all sessions. */
export function FunnelBars({ row }: { row: FunnelRow }) {
  const steps = [
    { name: "Sessions", value: row.sessions, share: row.sessions > 0 ? 1 : null, note: "" },
    { name: "Viewed a product", value: row.viewed, share: row.viewed_share, note: "" },
    { name: "Put it in the cart", value: row.carted, share: row.carted_share, note: `${percent(row.drop_off_to_cart)} drop off` },
    { name: "Bought it", value: row.purchased, share: row.purchased_share, note: `${percent(row.drop_off_to_purchase)} drop off` },
  ];
  return (
    <ol class="funnel">
      {steps.map((step) => (
        <li key={step.name}>
          <span class="step">
            {step.name} <span class="note">{step.note}</span>
          </span>
          <span class="track" aria-hidden="true">
            <span class="bar" style={{ width: `${(step.share ?? 0) * 100}%` }} />
          </span>
          <span class="value">
            {count(step.value)} <span class="note">{percent(step.share)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
