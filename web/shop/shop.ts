// A small demo shop that calls the tracker for views, the cart and orders.
import type { Millrace } from "../tracker/tracker";

const products = [
  { product_id: "oak-bowl", name: "Oak bowl", product_category: "kitchen", price: 39.9 },
  { product_id: "rye-flour", name: "Rye flour, 5 kg", product_category: "food", price: 12.5 },
  { product_id: "wool-blanket", name: "Wool blanket", product_category: "home", price: 89 },
  { product_id: "bread-knife", name: "Bread knife", product_category: "kitchen", price: 45 },
  { product_id: "linen-apron", name: "Linen apron", product_category: "clothing", price: 34 },
  { product_id: "honey", name: "Forest honey", product_category: "food", price: 9.8 },
];
type Product = (typeof products)[number];

const cart = new Map<string, number>();
const main = document.querySelector("main")!;

/** The fields of a product that the tracker sends. */
const fieldsOf = ({ product_id, product_category, price }: Product, quantity = 1) => ({
  product_id,
  product_category,
  price,
  quantity,
  currency: "EUR",
});
const tracker = (): Millrace | undefined => window.millrace;

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
const totalOf = (lines: Product[]) =>
  Math.round(
    lines.reduce(
      (sum, { product_id, price }) => sum + 100 * price * (cart.get(product_id) ?? 0),
      0,
    ),
  ) / 100;
const money = (price: number) => price.toLocaleString("en", { style: "currency", currency: "EUR" });

function put(product: Product): void {
  cart.set(product.product_id, (cart.get(product.product_id) ?? 0) + 1);
  tracker()?.addToCart(fieldsOf(product));
  show();
}

function list(): Node {
  const item = (product: Product) =>
    element(
      "li",
      {},
      element("a", { href: `#/product/${product.product_id}` }, product.name),
      element("p", {}, money(product.price)),
    );
  return element("ul", { className: "products" }, ...products.map(item));
}

function detail(product: Product): Node {
  return element(
    "section",
    { className: "product" },
    element("h2", {}, product.name),
    element("p", {}, money(product.price)),
    element("button", { onclick: () => put(product) }, "Add to cart"),
  );
}

function basket(): Node {
  const lines = products.filter((product) => cart.has(product.product_id));
  if (lines.length === 0) return element("p", {}, "Your cart is empty.");
  const buy = () => {
    tracker()?.purchase(
      `order-${Date.now()}`,
      lines.map((product) => fieldsOf(product, cart.get(product.product_id))),
      { total: totalOf(lines) },
    );
    cart.clear();
    show(element("p", { id: "thanks" }, "Thank you for your order."));
  };
  const items = lines.map((product) =>
    element(
      "li",
      {},
      `${cart.get(product.product_id)} × ${product.name}, ${money(product.price)} each`,
    ),
  );
  return element(
    "section",
    {},
    element("ul", {}, ...items),
    element("button", { id: "buy", onclick: buy }, "Buy"),
  );
}

function show(instead?: Node): void {
  const [, page, id] = location.hash.split("/");
  const product = products.find((each) => each.product_id === id);
  main.replaceChildren(
    instead ??
      (page === "cart" ? basket() : page === "product" && product ? detail(product) : list()),
  );
  document.getElementById("count")!.textContent = String(
    [...cart.values()].reduce((sum, quantity) => sum + quantity, 0),
  );
}

function visit(): void {
  show();
  const [, page, id] = location.hash.split("/");
  const product = products.find((each) => each.product_id === id);
  if (page === "product" && product) tracker()?.view(fieldsOf(product));
}

// The pages of a real shop contain `<script src="https://collector.example/tracker.js" data-key="…"
// async>`. The demo takes the write key from its address.
const script = element("script", { src: "/tracker.js", onload: visit, onerror: visit });
script.dataset.key = new URLSearchParams(location.search).get("key") ?? "";
document.head.append(script);
addEventListener("hashchange", visit);
