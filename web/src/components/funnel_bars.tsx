import type { Schemas } from "../api/client";
import { definitions } from "../definitions";
import { count, percent } from "../format";
import { Term } from "./hint";

/** The steps of a funnel as bars. The length of a bar is the step's share of all sessions. */
export function FunnelBars({ row }: { row: Schemas["FunnelSteps"] }) {
  const steps = [
    { name: "Sessions", hint: definitions.funnelSessions, value: row.sessions, share: 1, note: "" },
    { name: "Viewed a product", value: row.viewed, share: row.viewed_share, note: "" },
    {
      name: "Added to cart",
      value: row.carted,
      share: row.carted_share,
      note: `${percent(row.drop_off_to_cart)} drop-off`,
      noteHint: definitions.dropOffToCart,
    },
    {
      name: "Purchased",
      value: row.purchased,
      share: row.purchased_share,
      note: `${percent(row.drop_off_to_purchase)} drop-off`,
      noteHint: definitions.dropOffToPurchase,
    },
  ];
  return (
    <ol class="funnel">
      {steps.map((step) => (
        <li key={step.name}>
          <span class="step">
            <Term hint={step.hint}>{step.name}</Term>
            <span class="note">
              <Term hint={step.noteHint}>{step.note}</Term>
            </span>
          </span>
          <span class="track" aria-hidden="true">
            <span class="bar" style={{ width: `${step.share * 100}%` }} />
          </span>
          <span class="value">
            {count(step.value)} <span class="note">{percent(step.share)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
