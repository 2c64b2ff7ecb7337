// What may be written next in a filter.

import { getAttributes, getNames, getValues } from "../api/client";
import { taskName } from "../state/taskNames";
import { condition, type Word } from "../state/filter";

export interface Suggestion {
  text: string;
  hint: string;
  /** Further words belong to it: `persona=` wants a value. */
  isOpen: boolean;
}

const MOST = 12;
const ALWAYS = [
  "severity>=",
  "task_id=",
  "persona=",
  "session_id=",
  "cycle=",
  "env_id=",
  "episode=",
  "service=",
  "trace_id=",
];
const SEVERITIES = ["debug", "info", "warn", "error", "fatal"];
const ASSIGNMENT = /^(-?)([\w.-]+)(!=|>=|<=|=|>|<)(.*)$/s;
const FRESH = 10_000;

/** Remembers an answer for a while: each letter asks anew. */
function remembered<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const answers = new Map<string, { at: number; answer: Promise<T> }>();
  return (key) => {
    const known = answers.get(key);
    if (known && Date.now() - known.at < FRESH) return known.answer;
    const answer = ask(key);
    answer.catch(() => answers.delete(key));
    answers.set(key, { at: Date.now(), answer });
    return answer;
  };
}

const names = remembered(() => getNames());
export const keys = remembered(() => getAttributes("*"));
const values = remembered((key) => getValues(key));

const prefixes = (all: string[]): string[] => [
  ...new Set(all.filter((name) => name.includes(".")).map((name) => `${name.split(".")[0]}.*`)),
];

async function valuesOf(minus: string, key: string, operator: string, begun: string): Promise<Suggestion[]> {
  if (key === "severity") {
    const fitting = SEVERITIES.filter((each) => each.startsWith(begun.toLowerCase()));
    return fitting.map((each) => ({ text: `${minus}severity${operator}${each}`, hint: "severity", isOpen: false }));
  }
  const wanted = begun.replace(/^["']/, "").toLowerCase();
  // Tasks are found by their names too, as far as they are known.
  const named = (await values(key)).map((each) => ({ ...each, name: key === "task_id" ? taskName(each.value) : null }));
  return named
    .filter(({ value, name }) => `${value} ${name ?? ""}`.toLowerCase().includes(wanted))
    .slice(0, MOST)
    .map(({ value, name, count }) => ({
      text: minus + condition(key, value, operator),
      hint: name === null ? `${count}` : `${name}  ${count}`,
      isOpen: false,
    }));
}

/** Suggestions for *word*, the best first. */
export async function suggest(word: Word): Promise<Suggestion[]> {
  const assignment = ASSIGNMENT.exec(word.text);
  if (assignment) {
    const [, minus = "", key = "", operator = "=", begun = ""] = assignment;
    return valuesOf(minus, key, operator, begun);
  }
  const minus = word.text.startsWith("-") ? "-" : "";
  const wanted = word.text.slice(minus.length).toLowerCase();
  const [seen, attributes] = await Promise.all([names(""), keys("")]);
  const own = attributes.map((each) => `${each.key}=`).filter((key) => !ALWAYS.includes(key));
  const candidates: Suggestion[] = [
    ...seen.map((each) => ({ text: each.name, hint: `${each.count}`, isOpen: false })),
    ...prefixes(seen.map((each) => each.name)).map((text) => ({ text, hint: "all of them", isOpen: false })),
    ...[...ALWAYS, ...own].map((text) => ({ text, hint: "attribute", isOpen: true })),
  ];
  const fitting = candidates.filter((each) => each.text.toLowerCase().includes(wanted));
  const begins = (each: Suggestion): number => (each.text.toLowerCase().startsWith(wanted) ? 0 : 1);
  return fitting
    .sort((a, b) => begins(a) - begins(b))
    .slice(0, MOST)
    .map((each) => ({ ...each, text: minus + each.text }));
}
