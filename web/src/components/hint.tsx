// Definitions of the terms on a page. A definition appears while the pointer is over its term or
// the term has the focus.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface Shown {
  text: string;
  left: number;
  top: number;
}
const shown = signal<Shown | null>(null);
const width = 300;

/**
 * The attributes that give an element a hint. Screen readers read the hint as the element's
 * description.
 */
export function hinted(text: string | undefined): object {
  return text ? { "data-hint": text, "aria-description": text } : {};
}

export function Term({
  hint,
  children,
}: {
  hint: string | undefined;
  children: ComponentChildren;
}) {
  if (!hint) return <>{children}</>;
  return (
    <span class="term" tabIndex={0} {...hinted(hint)}>
      {children}
    </span>
  );
}

function termOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-hint]") : null;
}

function show(term: HTMLElement | null): void {
  if (!term?.isConnected) {
    shown.value = null;
    return;
  }
  const place = term.getBoundingClientRect();
  const left = Math.max(8, Math.min(place.left, document.documentElement.clientWidth - width - 8));
  shown.value = { text: term.dataset.hint!, left, top: place.bottom + 6 };
}

// The term with the focus keeps its hint while the page scrolls, as it does when the focus moves to
// a term out of view, and while the pointer is over something without a hint. The term under the
// pointer keeps its hint as long as the page does not scroll it away.
let focused: HTMLElement | null = null;
let pointed: HTMLElement | null = null;
function showAtPointer(event: Event): void {
  pointed = termOf(event.target);
  show(pointed ?? focused);
}
const showAgain = () => show(pointed?.matches(":hover") ? pointed : focused);
function focus(event: Event): void {
  focused = termOf(event.target);
  show(focused);
}
function hide(): void {
  focused = null;
  pointed = null;
  show(null);
}

/** The box that shows the hints. A document has one. */
export function HintBox() {
  useEffect(() => {
    const hideByKey = (event: KeyboardEvent) => event.key === "Escape" && hide();
    document.addEventListener("pointerover", showAtPointer);
    document.addEventListener("focusin", focus);
    document.addEventListener("focusout", hide);
    document.addEventListener("scroll", showAgain, true);
    document.addEventListener("keydown", hideByKey);
    return () => {
      document.removeEventListener("pointerover", showAtPointer);
      document.removeEventListener("focusin", focus);
      document.removeEventListener("focusout", hide);
      document.removeEventListener("scroll", showAgain, true);
      document.removeEventListener("keydown", hideByKey);
    };
  }, []);
  if (!shown.value) return null;
  const { text, left, top } = shown.value;
  return (
    <div
      class="hint"
      aria-hidden="true"
      style={{ left: `${left}px`, top: `${top}px`, maxWidth: `${width}px` }}
    >
      {text}
    </div>
  );
}
