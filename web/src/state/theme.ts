// Dark or light: the system's, until the reader says otherwise.

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "dark" | "light";
const KEY = "otel-events.theme";
const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "dark" || value === "light" ? value : "system";
}

export const theme = signal<Theme>(stored());

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  localStorage.setItem(KEY, theme.value);
});

export function switchTheme(): void {
  theme.value = NEXT[theme.value];
}
