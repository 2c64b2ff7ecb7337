// Why nothing is to be seen, and what to do about it.

import { useState } from "preact/hooks";
import { getHealth, sendTestEvent } from "../api/client";
import { counted } from "../format";
import { explain } from "../state/access";
import { copy, say } from "../state/notice";
import { change } from "../state/route";
import { usePolled } from "../ui/polled";
import { problem } from "./store";

const USUAL_PORT = 4318;

const languages = (endpoint: string): { name: string; lines: string }[] => [
  {
    name: "Python",
    lines: `pip install otel-events
export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}
python -c 'import otel_events as ev; ev.emit("order.placed", total=12.5)'`,
  },
  {
    name: "Shell",
    lines: `curl ${endpoint}/v1/logs -H 'content-type: application/json' -d '{"resourceLogs":[{"scopeLogs":[{"logRecords":[
  {"eventName":"order.placed","timeUnixNano":"'$(date +%s)000000000'","body":{"stringValue":"Order placed"}}]}]}]}'`,
  },
  {
    name: "PowerShell",
    lines: `$now = [DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds().ToString() + "000000"
$body = @{ resourceLogs = @(@{ scopeLogs = @(@{ logRecords = @(@{
  eventName = "order.placed"; timeUnixNano = $now; body = @{ stringValue = "Order placed" } }) }) }) }
Invoke-RestMethod ${endpoint}/v1/logs -Method Post -ContentType application/json -Body ($body | ConvertTo-Json -Depth 9)`,
  },
  {
    name: "JavaScript",
    lines: `// npm install @opentelemetry/api-logs @opentelemetry/sdk-logs @opentelemetry/exporter-logs-otlp-http
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";

const exporter = new OTLPLogExporter({ url: "${endpoint}/v1/logs" });
const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor(exporter)] });
provider.getLogger("shop").emit({ eventName: "order.placed", body: "Order placed", attributes: { total: 12.5 } });
await provider.shutdown();`,
  },
];

export function EmptyState({ filter }: { filter: string }) {
  if (problem.value?.column)
    return (
      <div class="empty">
        <Unreadable />
      </div>
    );
  return <div class="empty">{filter ? <Hidden filter={filter} /> : <Nothing />}</div>;
}

function Unreadable() {
  return (
    <>
      <h2>This filter cannot be read</h2>
      <p>
        What is wrong with it stands above. The key <kbd>?</kbd> shows what may be written.
      </p>
    </>
  );
}

function Hidden({ filter }: { filter: string }) {
  const { data } = usePolled("stored", getHealth, 5000);
  const stored = data?.stored.events;
  return (
    <>
      <h2>No event fits this filter</h2>
      <p>
        {stored === undefined
          ? "The server has looked through all that it keeps"
          : `The server keeps ${counted(stored, "event")}, and looked through all of them`}
        : none fits <code>{filter}</code>. New ones that fit appear here by themselves.
      </p>
      <p class="faint">
        Words with spaces between them must all hold; commas part alternatives. Names are compared whole:{" "}
        <code>task</code> is not <code>task.started</code>, <code>task.*</code> is.
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => change({ filter: null })}>
          Show all events
        </button>
      </div>
    </>
  );
}

function Nothing() {
  const [chosen, setChosen] = useState(0);
  const { data } = usePolled("health", getHealth);
  const all = languages(`${location.protocol}//${location.hostname}:${data?.otlp_port ?? USUAL_PORT}`);
  const language = all[chosen];
  const send = (): void => {
    sendTestEvent().then(
      () => say("Test event sent"),
      (error: unknown) => say(explain(error)),
    );
  };
  return (
    <>
      <h2>No events yet</h2>
      <p>Send one, and it appears here within a tenth of a second. Anything that speaks OTLP will do.</p>
      <div class="actions">
        <button type="button" class="primary" onClick={send}>
          Send a test event
        </button>
      </div>
      <div class="tabs" role="tablist" aria-label="Language">
        {all.map((each, index) => (
          <button
            key={each.name}
            type="button"
            role="tab"
            aria-selected={index === chosen}
            onClick={() => setChosen(index)}
          >
            {each.name}
          </button>
        ))}
      </div>
      {language && (
        <div class="code" role="tabpanel">
          <pre tabIndex={0}>{language.lines}</pre>
          <button type="button" class="tiny" onClick={() => void copy(language.lines, "Lines")}>
            Copy
          </button>
        </div>
      )}
    </>
  );
}
