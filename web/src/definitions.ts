// The definitions that the pages show beside their terms. docs/metrics.md defines all metrics.

export type Measure = "free" | "strict";

export const measures: Record<Measure, { name: string; means: string }> = {
  free: {
    name: "any product, in any order",
    means:
      "A session passes a step when it views, adds to the cart or purchases any product. A purchase also counts as an addition to the cart, and an addition to the cart also counts as a view, so “buy now” purchases are included.",
  },
  strict: {
    name: "same product, in order",
    means:
      "A session passes a step when it views a product, then adds the same product to the cart, then purchases it. Purchases without a cart event are not included.",
  },
};

export const definitions = {
  sessions: "Visits. A session has the events of one visitor until a longer pause.",
  funnelSessions: "All sessions that started in this time range, whatever happened in them.",
  groupSessions:
    "Sessions with a view, a cart or a purchase in this category. A session with several categories counts in each of them.",
  activeUsers: "Distinct visitors with at least one event.",
  revenue:
    "Net revenue: price × quantity of purchases, minus discounts of whole orders and refunds. A cancelled order counts as refunded.",
  grossRevenue: "Price × quantity of purchases. Refunds are not subtracted.",
  orders: "Purchases. All lines of an order count as one.",
  conversion: "Sessions with a purchase of any product ÷ all sessions.",
  eventsPerSecond: "Incoming events of all types.",
  views: "Events of the type view.",
  carts: "Events of the type add_to_cart.",
  purchases: "Events of the type purchase. Each line of an order is one event.",
  cartRate:
    "Carts ÷ views. The rate exceeds 100% if products are added to the cart without a view, for example from a list.",
  purchaseRate:
    "Purchases ÷ views, counted by events and not by sessions. The rate exceeds 100% if there are more purchases than views.",
  shareOfViews: "Views of this product ÷ views of all products.",
  dropOffToCart: "The share of sessions with a view that did not add to the cart.",
  dropOffToPurchase: "The share of sessions with an addition to the cart that did not purchase.",
  medianToCart:
    "The median time from the first view of a product to its addition to the cart, in the same session.",
  medianToPurchase: "The median time from a product's addition to the cart to its purchase.",
  onDisk:
    "Data files of the newest version, files that compaction has replaced and that are removed soon, and the table's log.",
  sourceVisitors: "Distinct visitors of these sessions.",
  channel:
    "How the visitor came: from an advertisement (paid), a mail, a social network, a search engine, another site (referral), or directly.",
  newVisitor:
    "New: the visitor was not seen in the 30 days before, nor a device on which the visitor logged in.",
  orderGross: "Price × quantity of all lines. A line that is sent again counts once.",
  orderDiscount: "A discount of the whole order, which the prices of the lines do not contain.",
  refunded: "Refunds that name the order, and what was left of it when it was cancelled.",
  orderNet: "Gross, minus the discount and what was refunded.",
  orderTotal:
    "The order's total as the sender computed it. It is compared with the lines, less the discount, with and without shipping and tax.",
  incomplete:
    "The lines do not add up to the total that was sent, or lines of the order were refused.",
  overRefunded: "More was refunded than the order cost.",
  repeats: "Lines that were sent again, such as by a thank-you page that was loaded twice.",
  lasted: "The time from the first to the last event of the session.",
} as const;
