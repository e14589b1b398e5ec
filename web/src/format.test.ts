import { afterEach, describe, expect, it } from "vitest";
import {
  bytes,
  count,
  counted,
  decimal,
  duration,
  latency,
  money,
  percent,
  sentence,
  signedPercent,
  spaced,
} from "./format";
import { shop } from "./session";

afterEach(() => (shop.value = null));

describe("numbers", () => {
  it("are rounded and grouped", () => {
    expect(count(1234567.8)).toBe("1,234,568");
    expect(decimal("1234.5678", 2)).toBe("1,234.57");
  });
  it("are a dash where there is none, and not where they are 0", () => {
    for (const value of [null, undefined]) {
      expect(count(value)).toBe("–");
      expect(decimal(value)).toBe("–");
      expect(percent(value)).toBe("–");
      expect(signedPercent(value)).toBe("–");
      expect(money(value, "EUR")).toBe("–");
    }
    expect(count(0)).toBe("0");
    expect(percent(0)).toBe("0%");
  });
});

describe("percent", () => {
  it.each([
    [0.1234, 1, "12.3%"],
    [1, 1, "100%"],
    [0.0004, 1, "<0.1%"],
    [0.0005, 1, "0.1%"],
    [0.00004, 2, "<0.01%"],
    [0.0004, 2, "0.04%"],
    [-0.0004, 1, "-0%"],
  ])("of %d with %d digits is %s", (share, digits, text) => {
    expect(percent(share, digits)).toBe(text);
  });
  it("has a sign for a change", () => {
    expect(signedPercent(0.25)).toBe("+25%");
    expect(signedPercent(-0.031)).toBe("-3.1%");
    expect(signedPercent(0)).toBe("0%");
  });
});

describe("money", () => {
  it("is in the given currency, or in the shop's", () => {
    expect(money("3768.8200", "EUR")).toBe("€3,768.82");
    expect(money(5, "JPY")).toBe("¥5");
    expect(money(5, null)).toBe("€5.00");
    shop.value = { role: "read", open: false, currency: "USD" };
    expect(money(5, undefined)).toBe("$5.00");
  });
});

describe("sizes and spans", () => {
  it.each([
    [0, "0 B"],
    [1023, "1,023 B"],
    [1536, "1.5 KiB"],
    [5 * 1024 ** 3, "5 GiB"],
    [3 * 1024 ** 5, "3,072 TiB"],
  ])("%d bytes are %s", (size, text) => {
    expect(bytes(size)).toBe(text);
  });
  it.each([
    [0.0125, "12.5 ms"],
    [0.9994, "999.4 ms"],
    [1, "1 s"],
    [12.345, "12.35 s"],
  ])("%d seconds of processing are %s", (seconds, text) => {
    expect(latency(seconds)).toBe(text);
  });
  it.each([
    [0, "0 s"],
    [59_499, "59 s"],
    [59_500, "1 min 0 s"],
    [3_599_499, "59 min 59 s"],
    [3_600_000, "1 h 0 min"],
    [26 * 3_600_000, "26 h 0 min"],
  ])("%d ms of a visit are %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe("texts", () => {
  it("have the plural where there is not one", () => {
    expect(["row", "record"].map((noun, index) => counted(index + 1, noun))).toEqual([
      "1 row",
      "2 records",
    ]);
    expect(counted(0, "row")).toBe("0 rows");
    expect(counted(1000, "row")).toBe("1,000 rows");
  });
  it("have spaces for underscores", () => {
    expect(spaced("add_to_cart")).toBe("add to cart");
  });
  it.each([
    ["name or password is wrong", "Name or password is wrong."],
    ["Try again in a moment.", "Try again in a moment."],
    ["  really?  ", "Really?"],
    ["", ""],
  ])("%j becomes the sentence %j", (text, made) => {
    expect(sentence(text)).toBe(made);
  });
});
