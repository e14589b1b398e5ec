// The page that is shown, and what it shows, as the address says; so both survive a reload, and Back goes back.
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

/** Where a page is, at the time range of this one. */
export function link(page: string, parameters: Changes = {}): string {
  return addressFrom(route.value, page, parameters);
}

/** Where this page is without a time range of its own. */
export function linkToNewest(): string {
  const none = Object.fromEntries(rangeParameters.map((name) => [name, undefined]));
  return formatAddress(route.value.page, changed(route.value.parameters, none));
}

export function parameter(name: string): string {
  return route.value.parameters.get(name) ?? "";
}

/** Changes what this page shows. Back undoes it, unless it is of too little weight for that. */
export function setParameters(changes: Changes, undone: "by Back" | "not" = "by Back"): void {
  const address = formatAddress(route.value.page, changed(route.value.parameters, changes));
  if (undone === "by Back") {
    location.hash = address;
  } else {
    history.replaceState(history.state, "", address);
    hash.value = location.hash;
  }
}
