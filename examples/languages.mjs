// Begun by languages.sh, whose trace and task it goes on with.
import { readFile } from "node:fs/promises";
import { configure, event, flush, task } from "../languages/javascript/otel-events.js";

configure({ serviceName: "languages-example-node" });
await task("read", { path: process.argv[2] }, async (t) => {
  const text = await readFile(process.argv[2], "utf8");
  for (const [, name] of text.matchAll(/^def (\w+)/gm)) event("function.found", { name });
  t.set({ characters: text.length });
});
await flush();
