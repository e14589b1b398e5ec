import { expect, test } from "vitest";
import { counted, having, nearMisses, reasons, type Item, type Message } from "./incoming";

function item(became: Item["became"], message: string | null = null, field: string | null = null) {
  return {
    record_index: 0,
    event_type: null,
    event_id: null,
    became,
    rule: null,
    field,
    message,
  };
}

function message(items: Item[], warnings: Message["warnings"] = []): Message {
  return {
    position: "t/1/0/0",
    partition: 0,
    offset: 0,
    logged: 0,
    format: "native",
    path: null,
    source: null,
    bytes: 2,
    value: "{}",
    warnings,
    item_count: items.length,
    items,
  };
}

test("outcomes are counted in a fixed order", () => {
  expect(counted([item("quarantined"), item("silver"), item("silver")])).toEqual([
    ["silver", 2],
    ["quarantined", 1],
  ]);
});

test("a message is found by the outcome of any of its items", () => {
  const mixed = message([item("silver"), item("ignored")]);
  const other = message([item("duplicate")]);
  expect(having([mixed, other], "ignored")).toEqual([mixed]);
  expect(having([mixed, other], "")).toHaveLength(2);
});

test("each reason is said once, with its field", () => {
  expect(
    reasons([
      item("silver"),
      item("quarantined", "the price is not valid", "price"),
      item("quarantined", "price: the price is not valid", "price"),
      item("ignored", "identify"),
    ]),
  ).toEqual(["price: the price is not valid", "identify"]);
});

test("near misses are counted by message, the most frequent first", () => {
  const sku = { field: "sku", message: "sku is not a field" };
  const cart = { field: "event_type", message: "cart is counted apart" };
  expect(
    nearMisses([message([], [sku]), message([], [cart, sku]), message([item("silver")])]),
  ).toEqual([
    { ...sku, messages: 2 },
    { ...cart, messages: 1 },
  ]);
});
