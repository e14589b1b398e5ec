import { describe, expect, it } from "vitest";
import { addressFrom, changed, formatAddress, parseAddress } from "./address";

const parameters = (query: string) => new URLSearchParams(query);

describe("parseAddress", () => {
  it.each(["", "#", "#/", "#?range=7d"])("takes %j for the overview", (fragment) => {
    expect(parseAddress(fragment).page).toBe("overview");
  });
  it("reads the page and its parameters", () => {
    const { page, parameters } = parseAddress("#/products?range=7d&sort=revenue.rising");
    expect(page).toBe("products");
    expect([...parameters]).toEqual([
      ["range", "7d"],
      ["sort", "revenue.rising"],
    ]);
  });
  it("keeps a question mark in a parameter", () => {
    expect(parseAddress("#/explore?query=a?b").parameters.get("query")).toBe("a?b");
  });
});

describe("formatAddress", () => {
  it("leaves colons as they are and escapes what it must", () => {
    const address = formatAddress("explore", parameters("from=2019-10-01T14:30&query=a%26b%3D1"));
    expect(address).toBe("#/explore?from=2019-10-01T14:30&query=a%26b%3D1");
  });
  it("has no question mark without parameters", () => {
    expect(formatAddress("alerts", parameters(""))).toBe("#/alerts");
  });
  it.each(["a&b=c#d", "%3A", "é ü", "line\nbreak"])("is read back: %j", (value) => {
    const address = formatAddress("explore", new URLSearchParams({ query: value }));
    expect(parseAddress(address).parameters.get("query")).toBe(value);
  });
});

describe("changed", () => {
  it("sets and removes parameters in a copy", () => {
    const before = parameters("a=1&b=2&c=3");
    const after = changed(before, { a: "9", b: undefined, c: "", d: "4" });
    expect(after.toString()).toBe("a=9&d=4");
    expect(before.toString()).toBe("a=1&b=2&c=3");
  });
});

describe("addressFrom", () => {
  it("keeps the time range and drops other parameters of this page", () => {
    const here = parseAddress("#/products?from=2019-10-01&to=2019-10-02&sort=views");
    expect(addressFrom(here, "product", { product: "p1" })).toBe(
      "#/product?from=2019-10-01&to=2019-10-02&product=p1",
    );
  });
});
