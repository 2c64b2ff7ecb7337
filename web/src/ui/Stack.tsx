// A stack trace, as the program gave it.

import { copy } from "../state/notice";

export function Stack({ text }: { text: string }) {
  return (
    <section class="stack">
      <div class="stack-head">
        <h3>Stack trace</h3>
        <button type="button" class="tiny" onClick={() => void copy(text, "Stack")}>
          Copy
        </button>
      </div>
      <pre tabIndex={0} aria-label="Stack trace">
        {text.split("\n").map((line, index) => (
          <span key={index} class={/^\s*(File|at) /.test(line) ? "stack-frame" : ""}>{`${line}\n`}</span>
        ))}
      </pre>
    </section>
  );
}
