// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import { link, linkToNewest, parameter, route, setParameters } from "./router";

/** Goes to an address as a click on a link does. */
function open(address: string): void {
  location.hash = address;
  window.dispatchEvent(new Event("hashchange"));
}

beforeEach(() => open("#/overview"));

describe("route", () => {
  it("follows the address", () => {
    open("#/products?range=7d");
    expect(route.value.page).toBe("products");
    expect(parameter("range")).toBe("7d");
    expect(parameter("sort")).toBe("");
  });
  it("moves the focus to a new page, but not while a page changes what it shows", () => {
    document.body.innerHTML = '<main tabindex="-1"></main><button></button>';
    const button = document.querySelector("button")!;
    button.focus();
    open("#/overview?range=7d");
    expect(document.activeElement).toBe(button);
    open("#/funnel?range=7d");
    expect(document.activeElement).toBe(document.querySelector("main"));
  });
});

describe("links", () => {
  it("keep the time range", () => {
    open("#/products?range=7d&sort=views");
    expect(link("product", { product: "p 1" })).toBe("#/product?range=7d&product=p+1");
  });
  it("to the newest data keep all but the time range", () => {
    open("#/sessions?from=2019-10-01&to=2019-10-02&outcome=bounced");
    expect(linkToNewest()).toBe("#/sessions?outcome=bounced");
  });
});

describe("setParameters", () => {
  it("adds an entry to the history", () => {
    open("#/sessions?range=7d");
    const length = history.length;
    setParameters({ outcome: "bounced" });
    window.dispatchEvent(new Event("hashchange"));
    expect(location.hash).toBe("#/sessions?range=7d&outcome=bounced");
    expect(parameter("outcome")).toBe("bounced");
    expect(history.length).toBe(length + 1);
  });
  it("can replace the entry of the history", () => {
    open("#/products?range=7d");
    const length = history.length;
    setParameters({ sort: "views" }, "replace");
    expect(location.hash).toBe("#/products?range=7d&sort=views");
    expect(parameter("sort")).toBe("views");
    expect(history.length).toBe(length);
  });
});
