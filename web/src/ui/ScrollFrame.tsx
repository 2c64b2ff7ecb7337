// A frame around what may be wider than the screen, which shows at its edges that there is more.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  label: string;
  class?: string;
  children: ComponentChildren;
}

export function ScrollFrame({ label, class: more = "", children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [beyond, setBeyond] = useState("");
  const look = (): void => {
    const element = box.current;
    if (!element) return;
    const left = element.scrollLeft > 1;
    const right = element.scrollWidth - element.clientWidth - element.scrollLeft > 1;
    setBeyond(`${left ? " more-left" : ""}${right ? " more-right" : ""}`);
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    look();
    return () => observer.disconnect();
  }, []);
  return (
    <div class={`scroll-frame ${more}${beyond}`}>
      <div ref={box} class="table-frame" tabIndex={0} role="region" aria-label={label} onScroll={look}>
        {children}
      </div>
    </div>
  );
}
