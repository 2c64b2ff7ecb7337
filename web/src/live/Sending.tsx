// How events are sent to this server: a test event at a click, and the lines to copy.

import { useState } from "preact/hooks";
import { getHealth, otlpEndpoint, sendTestEvent } from "../api/client";
import { explain } from "../state/access";
import { copy, say } from "../state/notice";
import { usePolled } from "../ui/polled";

interface Language {
  name: string;
  lines: string;
  /** What has to be said besides. */
  note?: string;
}

const OURS = "The first line writes the sender's files there: they need neither this package nor an OpenTelemetry SDK.";

const languages = (endpoint: string): Language[] => [
  {
    name: "Python",
    lines: `pip install otel-events
export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}
python -c 'import otel_events as ev; ev.emit("order.placed", total=12.5)'`,
  },
  {
    name: "Shell",
    lines: `otel-events languages shell
export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}
. ./otel-events.sh
event order.placed total:=12.5`,
    note: OURS,
  },
  {
    name: "PowerShell",
    lines: `otel-events languages powershell
$env:OTEL_EXPORTER_OTLP_ENDPOINT = "${endpoint}"
Import-Module ./OtelEvents
Send-OtelEvent order.placed @{ total = 12.5 }`,
    note: OURS,
  },
  {
    name: "JavaScript",
    lines: `otel-events languages javascript
export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}
node --input-type=module -e '
  import { event, flush } from "./otel-events.js";
  event("order.placed", { total: 12.5 });
  await flush();'`,
    note: `${OURS} In a browser's page: configure({ endpoint: "${endpoint}" }) first, and start this server with --allow-origin.`,
  },
  {
    name: "Anything else",
    lines: `curl ${endpoint}/v1/logs -H 'content-type: application/json' -d '{"resourceLogs":[{"scopeLogs":[{"logRecords":[
  {"eventName":"order.placed","timeUnixNano":"'$(date +%s)000000000'","body":{"stringValue":"Order placed"}}]}]}]}'`,
    note: "Any OpenTelemetry SDK or Collector sends here, with the same endpoint: events are log records with an event name.",
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
          {language.note && <p class="faint">{language.note}</p>}
        </div>
      )}
    </>
  );
}
