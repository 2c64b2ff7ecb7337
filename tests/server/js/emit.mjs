// A program with OpenTelemetry's own SDK for JavaScript, begun by another one whose trace and task it goes on with.
import { propagation, ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const form = process.argv[2]; // http: JSON; proto: protobuf
const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${form}`);
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${form}`);

const resource = resourceFromAttributes({ "service.name": "reader-js" });
const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })] });
const spans = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
spans.register();

const { TRACEPARENT: traceparent, BAGGAGE: baggage } = process.env;
const parent = propagation.extract(ROOT_CONTEXT, { traceparent, baggage });
const entries = propagation.getBaggage(parent)?.getAllEntries() ?? [];
const bound = Object.fromEntries(entries.map(([key, { value }]) => [key, value]));

const span = spans.getTracer("reader").startSpan("read", { attributes: { ...bound, pages: 12 } }, parent);
const context = trace.setSpan(parent, span);
const say = (eventName, severityNumber, severityText, body, attributes) =>
  logs.getLogger("reader").emit({
    eventName, severityNumber, severityText, body, context, attributes: { ...bound, ...attributes },
  });

say("page.read", SeverityNumber.INFO, "INFO", "Read “the tide”", {
  page: 3, quality: 0.82, final: false, words: ["tide", "néedle"], position: { line: 7, column: 1.5 },
});
say("page.torn", SeverityNumber.WARN3, "WARN3", undefined, { page: 4 });
say("page.lost", SeverityNumber.ERROR, "ERROR", "It is gone", {
  "exception.type": "RangeError", "exception.message": "no page 5",
});
span.setStatus({ code: SpanStatusCode.ERROR, message: "no page 5" });
span.end();
await Promise.all([logs.shutdown(), spans.shutdown()]);
