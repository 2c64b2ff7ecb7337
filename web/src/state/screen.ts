// How much room there is.

import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 719px)");

export const isNarrow = signal(query.matches);

query.addEventListener("change", () => {
  isNarrow.value = query.matches;
});
