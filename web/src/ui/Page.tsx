// What the views beside the live one have in common: a head, and what is said while nothing can be shown.

import type { ComponentChildren } from "preact";
import type { Polled } from "./polled";

export function Page({
  title,
  about,
  controls,
  children,
}: {
  title: string;
  about: string;
  controls?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div class="page">
      <header class="page-head">
        <h1>{title}</h1>
        <p class="faint">{about}</p>
        {controls && <div class="controls">{controls}</div>}
      </header>
      {children}
    </div>
  );
}

/** *children* of the answer; before it has come, or when it does not come, what there is to say. */
export function Answer<T>({ of, children }: { of: Polled<T>; children(data: T): ComponentChildren }) {
  return (
    <>
      {of.problem && (
        <p class="problem" role="alert">
          {of.problem}
        </p>
      )}
      {of.data === null ? !of.problem && <p class="faint pad">Loading …</p> : children(of.data)}
    </>
  );
}

export function None({ children }: { children: ComponentChildren }) {
  return <p class="none">{children}</p>;
}
