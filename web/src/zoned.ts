// Converts between moments (milliseconds since 1970) and the time that the clocks of a time zone
// show.

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone's format. Making one takes much longer than using it. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    // Swedish dates have the order and the padding of ISO 8601.
    format = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
}

/** The time that the zone's clocks show at a moment, to the second: 2026-11-25T13:05:00. */
export function wallClock(ms: number, zone: string): string {
  return formatOf(zone).format(ms).replace(" ", "T");
}

/**
 * The moment at which the zone's clocks show a time. Where the clocks show it twice, it is the
 * earlier moment. Where they skip it, it is as much later as they skip: on the day on which 02:00
 * becomes 03:00, 02:30 is read as 03:30. NaN if the text is not a date and time.
 */
export function momentOf(text: string, zone: string): number {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return NaN;
  const shown = (at: number) => Date.parse(`${wallClock(at, zone)}Z`);
  // The offsets of the day before and of the day after are the only ones that can be in force.
  const before = wall - (shown(wall - dayMs) - (wall - dayMs));
  const after = wall - (shown(wall + dayMs) - (wall + dayMs));
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
