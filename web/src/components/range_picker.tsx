import { asked, chosen, range } from "../range";
import { parameter, setParameters } from "../router";
import { dateAndMinute } from "../format_time";
import { zone } from "../session";
import { presets, spanName } from "../time_range";
import { wallClock } from "../zoned";
import { Field } from "./field";

const toMinute = (ms: number) => wallClock(ms, zone()).slice(0, 16);

function choose(value: string): void {
  if (value === "custom")
    setParameters({
      range: undefined,
      from: toMinute(range.value.from),
      to: toMinute(range.value.to),
    });
  else setParameters({ range: value, from: undefined, to: undefined });
}

/** One end of a custom range. It applies once the user has entered a whole date and time. */
function Bound({ name, label }: { name: "from" | "to"; label: string }) {
  const choice = chosen.value;
  const moment = choice.kind === "between" ? choice[name] : null;
  return (
    <label>
      <span class="note">{label}</span>
      <Field
        type="datetime-local"
        value={toMinute(moment ?? range.value[name])}
        onChange={(text) => text && setParameters({ [name]: text })}
      />
    </label>
  );
}

export function RangePicker() {
  const choice = chosen.value;
  const value =
    choice.kind === "between"
      ? "custom"
      : choice.kind === "all"
        ? "all"
        : asked.value === null
          ? "1h"
          : parameter("range");
  const spans = presets.includes(value) || choice.kind !== "last" ? presets : [...presets, value];
  const { endsWithData } = range.value;
  return (
    <div class="range">
      <label>
        <span class="hidden">Time range</span>
        <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
          {spans.map((each) => (
            <option key={each} value={each}>
              Last {spanName(each)}
            </option>
          ))}
          <option value="all">All data</option>
          <option value="custom">Custom range</option>
        </select>
      </label>
      {endsWithData !== null && (
        <span class="note">ends with the newest data, {dateAndMinute(endsWithData)}</span>
      )}
      {choice.kind === "between" && (
        <>
          <Bound name="from" label={`From (${zone()})`} />
          <Bound name="to" label="To" />
          {choice.from !== null && choice.to !== null && choice.from >= choice.to && (
            <span class="note">The end must be later than the start.</span>
          )}
        </>
      )}
    </div>
  );
}
