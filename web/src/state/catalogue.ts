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

export const hueOfName = (name: string): string => hueOf(byName.get(name)?.category);
export const isRolledUp = (name: string): boolean => byName.get(name)?.rolled_up_in_displays ?? false;
