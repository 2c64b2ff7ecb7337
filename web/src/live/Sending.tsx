// How events are sent to this server: a test event at a click, and the lines to copy.

import { useState } from "preact/hooks";
import { getHealth, otlpEndpoint, sendTestEvent } from "../api/client";
import { explain } from "../state/access";
import { copy, say } from "../state/notice";
import { usePolled } from "../ui/polled";

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

export function Sending({ onSent }: { onSent?(): void }) {
  const [chosen, setChosen] = useState(0);
  const { data } = usePolled("health", getHealth);
  const all = languages(otlpEndpoint(data?.otlp_port));
  const language = all[chosen];
  const send = (): void => {
    sendTestEvent().then(
      () => (say("Test event sent"), onSent?.()),
      (error: unknown) => say(explain(error)),
    );
  };
  return (
    <>
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
          <button type="button" class="tiny" onClick={() => void copy(language.lines, "Lines")}>
            Copy
          </button>
          <pre tabIndex={0}>{language.lines}</pre>
        </div>
      )}
    </>
  );
}
