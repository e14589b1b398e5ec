import { useEffect, useRef } from "preact/hooks";

interface FieldProperties {
  value: string;
  /** Called when the user leaves the field or presses Enter. */
  onChange: (value: string) => void;
  type?: "text" | "datetime-local";
  placeholder?: string;
}

/** An input whose value may also change from outside, but not while the user types in it. */
export function Field({ value, onChange, type = "text", placeholder }: FieldProperties) {
  const place = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (place.current && place.current !== document.activeElement) place.current.value = value;
  }, [value]);
  return (
    <input
      ref={place}
      type={type}
      defaultValue={value}
      placeholder={placeholder}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
