// OTEL_* and what `configure` is given, as one value.
import { attributesOf } from "./values.js";

const QUEUE_BYTES = 8 * 1024 * 1024;
const WINDOW = 200; // milliseconds in which records gather

/** Return whether nothing is sent, for each signal its sender's settings, and the resource as JSON. */
export function readSettings(given, version, instance) {
  const environment = globalThis.process?.env ?? {};
  const read = (name) => environment[name]?.trim() || undefined;
  const isDisabled = given.disabled ?? read("OTEL_SDK_DISABLED")?.toLowerCase() === "true";
  const base = given.endpoint ?? read("OTEL_EXPORTER_OTLP_ENDPOINT") ?? "http://localhost:4318";
  const common = {
    timeout: given.timeout ?? (Number(read("OTEL_EXPORTER_OTLP_TIMEOUT")) || 10_000),
    maxBytes: given.maxQueueBytes ?? QUEUE_BYTES,
    window: given.window ?? WINDOW,
  };
  const signal = (word, NAME) => {
    if (read(`OTEL_${NAME}_EXPORTER`) === "none" && given.endpoint === undefined) return undefined;
    const url = given[`${word}Endpoint`] ?? (given.endpoint === undefined && read(`OTEL_EXPORTER_OTLP_${NAME}_ENDPOINT`));
    const headers = given.headers ?? {
      ...pairs(read("OTEL_EXPORTER_OTLP_HEADERS")), ...pairs(read(`OTEL_EXPORTER_OTLP_${NAME}_HEADERS`)),
    };
    return { ...common, url: url || `${base.replace(/\/$/, "")}/v1/${word}`, headers };
  };
  return {
    isDisabled,
    signals: { logs: signal("logs", "LOGS"), traces: signal("traces", "TRACES") },
    resource: JSON.stringify({ attributes: attributesOf(resourceOf(given, read, version, instance)) }),
  };
}

function resourceOf(given, read, version, instance) {
  const isNode = Boolean(globalThis.process?.versions?.node);
  const told = { ...pairs(read("OTEL_RESOURCE_ATTRIBUTES")), ...given.resourceAttributes };
  const fallback = `unknown_service:${isNode ? "node" : "browser"}`;
  return {
    "service.instance.id": instance,
    "telemetry.sdk.language": isNode ? "nodejs" : "webjs",
    "telemetry.sdk.name": "otel-events",
    "telemetry.sdk.version": version,
    ...told,
    "service.name": given.serviceName ?? read("OTEL_SERVICE_NAME") ?? told["service.name"] ?? fallback,
  };
}

/** Read `key=value,key=value`, percent-encoded. */
function pairs(list) {
  const found = {};
  for (const entry of list?.split(",") ?? []) {
    const at = entry.indexOf("=");
    if (at < 1) continue;
    try {
      found[entry.slice(0, at).trim()] = decodeURIComponent(entry.slice(at + 1).trim());
    } catch {
      found[entry.slice(0, at).trim()] = entry.slice(at + 1).trim(); // a % that encodes nothing
    }
  }
  return found;
}
