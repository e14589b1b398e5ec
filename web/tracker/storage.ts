// Values that outlive the page: in local storage or, where the browser forbids that, in memory
// while the page is open.
const prefix = "millrace.";
const memory = new Map<string, string>();

export function read(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

/** Stores a value; null removes it. */
export function write(key: string, value: string | null): void {
  if (value === null) memory.delete(key);
  else memory.set(key, value);
  try {
    if (value === null) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    /* The value stays in memory only. */
  }
}

/** Removes the values in local storage whose keys begin with `start`, and returns them. */
export function takeAll(start: string): string[] {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix + start));
    const values = keys.map((key) => localStorage.getItem(key) ?? "");
    for (const key of keys) localStorage.removeItem(key);
    return values;
  } catch {
    return []; // The browser forbids local storage.
  }
}

/** Calls `act` when another tab writes the key, with the new value. */
export function onChange(key: string, act: (value: string | null) => void): void {
  addEventListener("storage", (event) => {
    if (event.key === prefix + key) act(event.newValue);
  });
}
