import { chosen, range, spans } from "../range";
import { onShopClock, shop, whenShopClockShows } from "../shop";

/** Takes what is typed, once it is a whole date. */
function put(bound: "from" | "to", text: string): void {
  const ms = whenShopClockShows(text);
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
            <span class="note">From ({shop.value?.time_zone ?? "UTC"})</span>
            <input type="datetime-local" value={onShopClock(chosen.value.from).slice(0, 16)} onChange={(event) => put("from", event.currentTarget.value)} />
          </label>
          <label>
            <span class="note">to</span>
            <input type="datetime-local" value={onShopClock(chosen.value.to).slice(0, 16)} onChange={(event) => put("to", event.currentTarget.value)} />
          </label>
          {chosen.value.from >= chosen.value.to && <span class="note">The end must be after the beginning.</span>}
        </>
      )}
    </div>
  );
}
