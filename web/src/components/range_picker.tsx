import { chosen, range, spans } from "../range";
import { dateTime } from "../shop";

/** A moment as an input of type datetime-local has it: in the browser's time. */
function local(ms: number): string {
  const time = new Date(ms);
  return new Date(ms - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Takes what is typed, once it is a whole date. */
function put(bound: "from" | "to", text: string): void {
  const ms = new Date(text).getTime();
  if (Number.isFinite(ms) && ms >= 0) chosen.value = { ...chosen.value, [bound]: ms };
}

export function RangePicker() {
  const { span } = chosen.value;
  const choose = (value: string) => {
    const { from, to } = range.value;
    chosen.value = { span: Number(value), from: from || to - 3_600_000, to };
  };
  return (
    <div class="range">
      <label>
        <span class="hidden">Time range</span>
        <select value={String(span)} onChange={(event) => choose(event.currentTarget.value)}>
          {spans.map((each) => (
            <option key={each.name} value={String(each.ms)}>
              {each.ms === 0 ? "All data" : `Last ${each.name}`}
            </option>
          ))}
          <option value="-1">From … to …</option>
        </select>
      </label>
      {span === -1 && (
        <>
          <label>
            <span class="note">From (your time)</span>
            <input type="datetime-local" value={local(chosen.value.from)} onChange={(event) => put("from", event.currentTarget.value)} />
          </label>
          <label>
            <span class="note">to</span>
            <input type="datetime-local" value={local(chosen.value.to)} onChange={(event) => put("to", event.currentTarget.value)} />
          </label>
          <span class="note">
            {chosen.value.from < chosen.value.to ? `${dateTime(chosen.value.from)} to ${dateTime(chosen.value.to)} in the shop` : "The end must be after the beginning."}
          </span>
        </>
      )}
    </div>
  );
}
