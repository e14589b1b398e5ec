// Moments (ms since 1970) and what the clocks of a time zone show.

/** A moment as the zone's clocks show it, to the second: 2026-11-25T13:05:00. */
export function wallClock(ms: number, zone: string): string {
  return new Date(ms).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T");
}

const dayMs = 86_400_000;

/**
 * The moment at which the zone's clocks show that: the earlier one where they show it twice, and where they skip it, the moment at which they do.
 * NaN where the text is no date and time.
 */
export function momentOf(text: string, zone: string): number {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return NaN;
  const shown = (at: number) => Date.parse(`${wallClock(at, zone)}Z`);
  const [before, after] = [wall - dayMs, wall + dayMs].map(
    (near) => wall - (shown(near) - near),
  ) as [number, number];
  const right = [before, after].filter((at) => shown(at) === wall);
  return right.length > 0 ? Math.min(...right) : before;
}

/** The beginning of the day that a moment lies in. */
export function startOfDay(ms: number, zone: string): number {
  return momentOf(`${wallClock(ms, zone).slice(0, 10)}T00:00:00`, zone);
}
/** The beginning of the next day. A day has 23 to 25 hours. */
export function startOfNextDay(ms: number, zone: string): number {
  return startOfDay(startOfDay(ms, zone) + 26 * 3_600_000, zone);
}
