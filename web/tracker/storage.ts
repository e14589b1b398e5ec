// Values that outlive the page: in local storage or, where the browser forbids that, in memory
// while the page is open.
const prefix = "millrace.";
const memory = new Map<string, string>();

export function read(key: string): string | null {
  try {
    return memory.get(key) ?? localStorage.getItem(prefix + key);
  } catch {
    return null;
  }
}

/** Stores a value; null removes it. */
export function write(key: string, value: string | null): void {
  // Memory has no copy of what is in local storage, since other tabs may change that.
  memory.delete(key);
  try {
    if (value === null) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    if (value !== null) memory.set(key, value);
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
