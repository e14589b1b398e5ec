// What each figure means, for the hints beside it. docs/metrics.md has the whole of it.

export type Measure = "free" | "strict";

export const measures: Record<Measure, { name: string; means: string }> = {
  free: {
    name: "any product, in any order",
    means:
      "A session passes a step by a view, a cart or a purchase of any product. A purchase counts as having passed the cart, and a cart as having passed the view, so “buy now” purchases are in it.",
  },
  strict: {
    name: "same product, in order",
    means:
      "A session passes a step when it viewed a product, then put the same product into the cart, then bought it. Purchases without a cart event are not in it.",
  },
};

export const definitions = {
  sessions: "Visits: the events of one visitor until a longer pause.",
  funnelSessions: "All sessions that began in this time, whatever happened in them.",
  groupSessions:
    "Sessions with a view, a cart or a purchase in this category. A session that looked at several categories counts in each.",
  activeUsers: "Different visitors with at least one event.",
  revenue: "Net revenue: price × quantity of purchases, less refunds.",
  grossRevenue: "Price × quantity of purchases. Refunds are not taken off.",
  orders: "Purchases, where the lines of one order count once.",
  conversion: "Sessions with a purchase of any product ÷ all sessions.",
  eventsPerSecond: "Events that come in, of all types.",
  views: "Events of the type view.",
  carts: "Events of the type add_to_cart.",
  purchases: "Events of the type purchase: one for each line of an order.",
  cartRate:
    "Carts ÷ views. Above 100% where products are put into the cart without having been viewed, from a list for instance.",
  purchaseRate:
    "Purchases ÷ views, event by event; not the share of sessions that buy. Above 100% where more was bought than viewed.",
  shareOfViews: "Views of this product ÷ views of all products.",
  dropOffToCart: "Of the sessions that viewed, the share that did not come to the cart.",
  dropOffToPurchase: "Of the sessions that came to the cart, the share that did not buy.",
  medianToCart:
    "Half of the products that were put into the cart were put there within this time after their first view in the session.",
  medianToPurchase:
    "Half of the products that were bought were bought within this time after they were put into the cart.",
  lasted: "From the first event of the session to the last one.",
} as const;
