import { useEffect, useRef } from "preact/hooks";

interface FieldProperties {
  value: string;
  /** Called once the text is as it shall be: when the field is left, or at Enter. */
  onChange: (value: string) => void;
  type?: "text" | "datetime-local";
  placeholder?: string;
}

/** An input whose text is changed from outside too, but never while somebody types in it. */
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
