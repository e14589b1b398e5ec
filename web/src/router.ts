// The address names the current page and what it shows. So both survive a reload, and the browser's
// Back button works.
import { computed, signal } from "@preact/signals";
import {
  addressFrom,
  changed,
  formatAddress,
  parseAddress,
  rangeParameters,
  type Changes,
} from "./address";

const hash = signal(location.hash);
window.addEventListener("hashchange", () => {
  const before = route.value.page;
  hash.value = location.hash;
  if (route.value.page !== before) document.querySelector<HTMLElement>("main")?.focus();
});

export const route = computed(() => parseAddress(hash.value));

/** The address of a page with the current time range. */
export function link(page: string, parameters: Changes = {}): string {
  return addressFrom(route.value, page, parameters);
}

/** The address of the current page without a time range. */
export function linkToNewest(): string {
  const none = Object.fromEntries(rangeParameters.map((name) => [name, undefined]));
  return formatAddress(route.value.page, changed(route.value.parameters, none));
}

export function parameter(name: string): string {
  return route.value.parameters.get(name) ?? "";
}

/**
 * Changes parameters of the current page. "push" adds an entry to the history, so that Back undoes
 * the change.
 */
export function setParameters(changes: Changes, how: "push" | "replace" = "push"): void {
  const address = formatAddress(route.value.page, changed(route.value.parameters, changes));
  if (how === "push") {
    location.hash = address;
  } else {
    history.replaceState(history.state, "", address);
    hash.value = location.hash;
  }
}
