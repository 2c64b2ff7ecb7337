// What the catalogue knows of an event's name: its colour, and whether displays count it.

import { signal } from "@preact/signals";
import { getCatalogue } from "../api/client";
import type { Catalogue, Definition } from "../api/types";
import { hueOf } from "../hues";

export const catalogue = signal<Catalogue | null>(null);
let byName = new Map<string, Definition>();

export async function loadCatalogue(): Promise<void> {
  const answer = await getCatalogue();
  byName = new Map(answer.definitions.map((definition) => [definition.name, definition]));
  catalogue.value = answer;
}

/** The category of *name*; of one that nobody defined the first of its words, as the server counts it. */
const categoryOf = (name: string): string => byName.get(name)?.category ?? name.split(".", 1)[0] ?? "";

/** The name of the colour that all events of this name have, wherever they are shown. */
export const hueOfName = (name: string): string => hueOf(categoryOf(name));
export const isRolledUp = (name: string): boolean => byName.get(name)?.rolled_up_in_displays ?? false;
