// Sends an order as a shop does with Segment's library for Node.js: `send_order.mjs MODULES URL WRITE_KEY`.
import { createRequire } from "node:module";

const [modules, host, writeKey] = process.argv.slice(2);
const { Analytics } = createRequire(modules + "/")("@segment/analytics-node");
const analytics = new Analytics({ writeKey, host });
const userId = "ann";
analytics.identify({ userId, traits: { plan: "gold" } });
analytics.page({ userId, name: "Home", properties: { url: "https://shop.example/" } });
analytics.track({
  userId,
  event: "Product Viewed",
  properties: { product_id: "p1", price: 5, currency: "EUR" },
});
analytics.track({
  userId,
  event: "Order Completed",
  properties: {
    order_id: "o1",
    currency: "EUR",
    total: 17.5,
    products: [
      { product_id: "p1", price: 5, quantity: 2 },
      { product_id: "p2", price: 7.5, quantity: 1 },
    ],
  },
});
await analytics.closeAndFlush();
