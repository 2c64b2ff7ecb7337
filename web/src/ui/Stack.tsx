// A stack trace, as the program gave it.

import { copy } from "../state/notice";

export function Stack({ text }: { text: string }) {
  return (
    <section class="stack">
      <pre tabIndex={0} aria-label="Stack trace">
        {text.split("\n").map((line, index) => (
          <span key={index} class={/^\s*(File|at) /.test(line) ? "stack-frame" : ""}>{`${line}\n`}</span>
        ))}
      </pre>
      <button type="button" class="tiny stack-copy" onClick={() => void copy(text, "Stack")}>
        Copy
      </button>
    </section>
  );
}
