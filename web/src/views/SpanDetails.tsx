// What a span says of itself: attributes, what happened inside, and the spans it is linked with.

import type { Span } from "../api/types";
import { clock, counted } from "../format";
import { condition } from "../state/filter";
import { linkTo } from "../state/route";
import { inline, valueText } from "../ui/text";
import { ValueView } from "../ui/ValueView";

export function SpanDetails({ span }: { span: Span }) {
  const attributes = Object.entries(span.attributes ?? {});
  const events = span.events ?? [];
  const links = span.links ?? [];
  return (
    <section class="span-details" aria-label={`Span ${span.name}`}>
      <p class="faint">
        <span class="mono">{span.span_id}</span> · {span.service} · {span.status}
        {span.message && ` · ${span.message}`}
      </p>
      {attributes.length > 0 && (
        <dl class="facts">
          {attributes.map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>
                <ValueView value={value as never} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {events.length > 0 && (
        <>
          <h3>{counted(events.length, "span event")}</h3>
          <ul>
            {events.map((event, index) => (
              <li key={index}>
                <span class="mono faint">{clock(event.time)}</span> <b>{event.name}</b>{" "}
                <span class="mono faint">
                  {Object.entries(event.attributes)
                    .filter(([key]) => key !== "exception.stacktrace")
                    .map(([key, value]) => `${key}=${valueText(key, value)}`)
                    .join("  ")}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {links.length > 0 && (
        <>
          <h3>{counted(links.length, "link")}</h3>
          <ul>
            {links.map((link) => (
              <li key={link.span_id}>
                span <span class="mono">{link.span_id}</span> of{" "}
                <a class="mono" href={linkTo("live", { filter: condition("trace_id", link.trace_id) })}>
                  trace {link.trace_id}
                </a>{" "}
                <span class="mono faint">
                  {Object.entries(link.attributes)
                    .map(([key, value]) => `${key}=${inline(value)}`)
                    .join("  ")}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
