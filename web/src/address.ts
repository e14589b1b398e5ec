// The fragment of the address, #/products?range=7d&sort=revenue: a page and its parameters. Pages ignore those that they don't know.

export interface Address {
  page: string;
  parameters: URLSearchParams;
}
/** What to change; nothing (undefined, or an empty text) removes a parameter. */
export type Changes = Record<string, string | undefined>;

export const rangeParameters = ["range", "from", "to"];

export function parseAddress(fragment: string): Address {
  const [path, ...query] = fragment.replace(/^#\/?/, "").split("?");
  return {
    page: path === undefined || path === "" ? "overview" : path,
    parameters: new URLSearchParams(query.join("?")),
  };
}

export function formatAddress(page: string, parameters: URLSearchParams): string {
  // Colons need no escape in a fragment, and from=2019-10-01T14:30 is for people to read.
  const query = parameters.toString().replaceAll("%3A", ":");
  return `#/${page}${query ? `?${query}` : ""}`;
}

export function changed(parameters: URLSearchParams, changes: Changes): URLSearchParams {
  const made = new URLSearchParams(parameters);
  for (const [name, value] of Object.entries(changes)) {
    if (value) made.set(name, value);
    else made.delete(name);
  }
  return made;
}

/** A page's address from here: its own parameters, and the time range that is chosen here. */
export function addressFrom(here: Address, page: string, own: Changes): string {
  const range = [...here.parameters].filter(([name]) => rangeParameters.includes(name));
  return formatAddress(page, changed(new URLSearchParams(range), own));
}
