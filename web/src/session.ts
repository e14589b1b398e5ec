// The user's role and the shop's settings, as GET /v1/about reports them.
import { computed, signal } from "@preact/signals";
import type { About } from "./api/client";

export const shop = signal<About | null>(null);

const zoneName = computed(() => shop.value?.time_zone ?? "UTC");
const currencyCode = computed(() => shop.value?.currency ?? "EUR");

/** The shop's time zone, in which the pages show all times. */
export const zone = () => zoneName.value;
/** The shop's default currency. */
export const shopCurrency = () => currencyCode.value;
export const isAdmin = () => shop.value?.role === "admin";
