// Pieces of the filter language that the page writes; what a filter means is the server's to say.

const WORD = /(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s,"'])+|,/g;
const PLAIN = /^[\w.\-:/@+]+$/;

/** `key=value`, quoted where the language needs it. */
export function condition(key: string, value: unknown, operator = "="): string {
  const text = String(value);
  if (PLAIN.test(text)) return `${key}${operator}${text}`;
  const literal = text.replace(/[[*?]/g, "[$&]"); // = and != compare with patterns; these are no wildcards here
  return literal.includes('"') ? `${key}${operator}'${literal.replaceAll("'", "?")}'` : `${key}${operator}"${literal}"`;
}

/** The clauses of *filter*, each as its words. */
export function clauses(filter: string): string[][] {
  const found: string[][] = [[]];
  for (const word of filter.match(WORD) ?? []) {
    if (word === ",") found.push([]);
    else found.at(-1)?.push(word);
  }
  return found.filter((words) => words.length > 0);
}

export const excludes = (clause: string[]): boolean => clause[0]?.startsWith("-") ?? false;

/** What *filter* lets through and *words* hold of. */
export function narrowed(filter: string, words: string): string {
  const all = clauses(filter);
  const including = all.filter((clause) => !excludes(clause));
  const narrow = including.length ? including.map((clause) => `${clause.join(" ")} ${words}`) : [words];
  return [...narrow, ...all.filter(excludes).map((clause) => clause.join(" "))].join(", ");
}

/** What *filter* lets through, without what *words* hold of. */
export function without(filter: string, words: string): string {
  return filter.trim() ? `${filter.trim()}, -${words}` : `-${words}`;
}

export interface Word {
  start: number;
  end: number;
  text: string;
}

/** The word of *filter* in which the cursor stands, empty between words. */
export function wordAt(filter: string, cursor: number): Word {
  for (const match of filter.matchAll(WORD)) {
    const start = match.index;
    const end = start + match[0].length;
    if (match[0] !== "," && start <= cursor && cursor <= end) return { start, end, text: match[0] };
  }
  return { start: cursor, end: cursor, text: "" };
}
