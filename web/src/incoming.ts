// What became of the last messages, counted for the page Incoming.
import type { ReportRow } from "./api/client";

export type Message = ReportRow<"incoming">;
export type Item = Message["items"][number];
export type Outcome = Item["became"];

/** All outcomes, in the order in which the page lists them. */
export const outcomes: Outcome[] = ["silver", "waiting", "duplicate", "quarantined", "ignored"];

/** How many of a message's items had each outcome; outcomes of no item are left out. */
export function counted(items: Item[]): [Outcome, number][] {
  return outcomes
    .map((outcome): [Outcome, number] => [
      outcome,
      items.filter((item) => item.became === outcome).length,
    ])
    .filter(([, number]) => number > 0);
}

/** The messages of which an item had this outcome; all messages if it is empty. */
export function having(messages: Message[], outcome: string): Message[] {
  return outcome === ""
    ? messages
    : messages.filter((message) => message.items.some((item) => item.became === outcome));
}

/** Why items were not taken: each reason once. */
export function reasons(items: Item[]): string[] {
  const said = items
    .filter((item) => item.message !== null)
    .map((item) =>
      item.field === null || item.message!.startsWith(`${item.field}:`)
        ? item.message!
        : `${item.field}: ${item.message}`,
    );
  return [...new Set(said)];
}

export interface NearMiss extends Record<string, unknown> {
  /** What is wrong, in a sentence. */
  message: string;
  field: string;
  /** How many of the messages have it. */
  messages: number;
}

/** The names that were probably meant to be others, the most frequent first. */
export function nearMisses(messages: Message[]): NearMiss[] {
  const found = new Map<string, NearMiss>();
  for (const { warnings } of messages) {
    for (const { field, message } of warnings) {
      const known = found.get(message) ?? { message, field, messages: 0 };
      known.messages += 1;
      found.set(message, known);
    }
  }
  return [...found.values()].sort((a, b) => b.messages - a.messages);
}
