// Keys that hold for a view, where nobody is typing.

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT"]);
// These keys mean something to a button or link that has the focus.
const PRESSING = new Set([" ", "Enter"]);

// A dialog has the keys to itself, and the browser's own Esc closes it; what opened it closes it too.
const IN_DIALOG = new Set(["?"]);

type Bindings = Record<string, () => void>;

/** Call what is bound to each key; return what ends that. */
export function onKeys(bindings: Bindings): () => void {
  const press = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (document.querySelector("dialog[open]") && !IN_DIALOG.has(event.key)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || TYPING.has(target.tagName)) return;
    if (PRESSING.has(event.key) && target.closest("button, a, summary")) return;
    const action = bindings[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
