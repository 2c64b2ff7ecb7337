// Which colour a category has: kin share one, and red and amber stay the severities'.

const HUES: Record<string, string> = {
  task: "blue",
  phase: "indigo",
  cycle: "violet",
  session: "violet",
  persona: "violet",
  cognition: "cyan",
  sense: "cyan",
  wave: "cyan",
  state: "pink",
  evidence: "green",
  quality: "green",
  learning: "lime",
  training: "lime",
  seed: "lime",
  activity: "teal",
  file: "teal",
  chatops: "teal",
  operations: "slate",
  system: "slate",
  script: "orange",
  error: "orange",
  alert: "orange",
  absence: "orange",
  otel_events: "gray",
};
const OTHERS = ["blue", "indigo", "violet", "cyan", "pink", "green", "lime", "teal", "slate"];

/** The name of the category's colour; one that nobody knew of gets a colour that stays the same. */
export function hueOf(category: string | undefined): string {
  if (!category) return "gray";
  const known = HUES[category];
  if (known) return known;
  let sum = 0;
  for (const character of category) sum = (sum * 31 + character.charCodeAt(0)) >>> 0;
  return OTHERS[sum % OTHERS.length] ?? "gray";
}

const FAINTEST = 0.35;

/** How strongly each of *categories* is drawn beside the others: kin, which share a colour, one fainter than the next. */
export function strengthsOf(categories: string[]): Map<string, number> {
  const kin = new Map<string, number>();
  return new Map(
    [...categories].sort().map((category): [string, number] => {
      const before = kin.get(hueOf(category)) ?? 0;
      kin.set(hueOf(category), before + 1);
      return [category, Math.max(FAINTEST, 0.6 ** before)];
    }),
  );
}

const resolved = new Map<string, string>();

/** The colour's present value, for a canvas. */
export function hueColor(hue: string): string {
  const theme = getComputedStyle(document.documentElement).colorScheme;
  const key = `${theme}/${matchMedia("(prefers-color-scheme: dark)").matches}/${hue}`;
  const known = resolved.get(key);
  if (known) return known;
  const probe = document.body.appendChild(document.createElement("i"));
  probe.className = `hue-${hue}`;
  const color = getComputedStyle(probe).color;
  probe.remove();
  resolved.set(key, color);
  return color;
}
