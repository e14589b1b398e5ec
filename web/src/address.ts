// The fragment of the address names a page and its parameters: #/products?range=7d&sort=revenue.
// Pages ignore parameters that they do not know.

export interface Address {
  page: string;
  parameters: URLSearchParams;
}
/** New values of parameters. Undefined or an empty text removes a parameter. */
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
  // A fragment may contain colons, and from=2019-10-01T14:30 is easier to read than with %3A.
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

/** The address of a page with its own parameters and the time range of the current page. */
export function addressFrom(here: Address, page: string, own: Changes): string {
  const range = [...here.parameters].filter(([name]) => rangeParameters.includes(name));
  return formatAddress(page, changed(new URLSearchParams(range), own));
}
