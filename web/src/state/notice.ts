// A line that says what a key or button did, for a moment; screen readers hear it.

import { signal } from "@preact/signals";

const SHOWN_FOR = 2500;

export const notice = signal("");
let timer = 0;

export function say(text: string): void {
  notice.value = text;
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    notice.value = "";
  }, SHOWN_FOR);
}

export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  } catch {
    say("the browser does not allow copying here"); // no clipboard without https or loopback
  }
}
