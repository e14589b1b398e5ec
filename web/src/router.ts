// Pages by the address's fragment: #/product?product=prod_0042
import { computed, signal } from "@preact/signals";

const hash = signal(location.hash);
window.addEventListener("hashchange", () => {
  hash.value = location.hash;
  document.querySelector<HTMLElement>("main")?.focus();
});

export const route = computed(() => {
  const [path, query] = hash.value.replace(/^#\/?/, "").split("?");
  return { page: path || "overview", parameters: new URLSearchParams(query ?? "") };
});

export function link(page: string, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams(parameters).toString();
  return `#/${page}${query ? `?${query}` : ""}`;
}
