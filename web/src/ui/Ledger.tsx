// Where the server keeps events, and why what a program emits may not be among them.

import { otlpEndpoint } from "../api/client";
import type { Health } from "../api/types";

export function Ledger({ health }: { health: Health }) {
  const { trouble, ledger } = health;
  return (
    <>
      {trouble && (
        <p class="problem" role="alert">
          {trouble}
        </p>
      )}
      {ledger.unseen && (
        <p class="hint" role="note">
          Programs without an endpoint write to <code>{ledger.unseen}</code>, which is not shown here. So that they send
          here, say <code>export OTEL_EXPORTER_OTLP_ENDPOINT={otlpEndpoint(health.otlp_port)}</code>
        </p>
      )}
      <p class="faint ledger">
        This server keeps its events in <code>{ledger.path}</code>
      </p>
    </>
  );
}
