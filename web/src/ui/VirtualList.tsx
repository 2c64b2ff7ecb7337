// A list of rows of one height, of which only those in sight exist. Rows that are read never move by themselves.

import type { ComponentChildren, RefObject } from "preact";
import { useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";

// Rows beyond those in sight, and by how many at a time the window moves: between two of its moves the browser scrolls alone.
const OVERSCAN = 8;
const STEP = 8;
// So long after it was last scrolled, a list stands still (milliseconds).
const STILL_AFTER = 100;

export interface ListHandle {
  /** Bring row *index* into sight, moving as little as possible, and into the middle from afar. */
  reveal(index: number): void;
  /** Put row *index* in the middle. */
  center(index: number): void;
  /** Keep what is in sight where it is after *rows* were put before it. */
  shift(rows: number): void;
  /** How many rows are in sight. */
  rowsInSight(): number;
}

interface Props {
  count: number;
  rowHeight: number;
  /** Stay at the end as rows come. */
  follows: boolean;
  label: string;
  /** The id of the selected row's element, for screen readers. */
  active?: string | undefined;
  /** Row *index*, to be drawn so many pixels from the top; rows of the same *slot* are never there together. */
  row(index: number, slot: number, top: number): ComponentChildren;
  onLeaveEnd(): void;
  onReachEnd(): void;
  onReachStart(): void;
  handle: RefObject<ListHandle | null>;
  /** Where the list stood when it was last taken away: who comes back to rows that stand still finds the same ones. */
  place: Place;
}

export interface Place {
  top: number;
}

export function VirtualList(props: Props) {
  const { count, rowHeight, follows, place } = props;
  const box = useRef<HTMLDivElement>(null);
  const wanted = useRef<number | null>(follows ? null : place.top);
  const top = useRef(follows ? 0 : place.top);
  const resting = useRef(0);
  // Where rows that were put before the others left the list, perhaps at its end: nobody has scrolled there.
  const isShifted = useRef(false);
  const shiftedTo = useRef(-1);
  const [, redraw] = useState(0);
  const [height, setHeight] = useState(800);
  const end = Math.max(0, count * rowHeight - height);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    setHeight(element.clientHeight);
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // After the rows are there, because only then can the element be scrolled so far.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // By what the element measures now: a guess would leave the end, and so end following.
    const target = wanted.current ?? (follows ? Math.max(0, count * rowHeight - element.clientHeight) : null);
    wanted.current = null;
    if (target === null) return;
    top.current = target;
    if (Math.abs(element.scrollTop - target) >= 1) element.scrollTop = target;
  });

  const scrollTo = (target: number): void => {
    wanted.current = Math.max(0, target);
    top.current = wanted.current;
    redraw(-1 - wanted.current); // whichever rows were there, those of this place are needed now
    if (box.current && wanted.current <= box.current.scrollHeight - box.current.clientHeight)
      box.current.scrollTop = wanted.current;
  };

  useImperativeHandle(props.handle, () => ({
    reveal(index) {
      const now = wanted.current ?? box.current?.scrollTop ?? 0;
      const start = index * rowHeight;
      if (start < now - height || start > now + 2 * height) scrollTo(start - height / 2);
      else if (start < now) scrollTo(start);
      else if (start + rowHeight > now + height) scrollTo(start + rowHeight - height);
    },
    center: (index) => scrollTo(index * rowHeight - height / 2 + rowHeight / 2),
    shift(rows) {
      isShifted.current = true;
      scrollTo((box.current?.scrollTop ?? 0) + rows * rowHeight);
    },
    rowsInSight: () => Math.max(1, Math.floor(height / rowHeight)),
  }));

  const onScroll = (): void => {
    const element = box.current;
    if (!element) return;
    if (!follows) letRowsPass(element, resting);
    if (isShifted.current) shiftedTo.current = element.scrollTop;
    else if (element.scrollTop !== shiftedTo.current) shiftedTo.current = -1;
    isShifted.current = false;
    // A list that has become lower is not at its end either, until it is drawn again: only who scrolls back leaves it.
    const isBack = element.scrollTop <= top.current - 1;
    top.current = element.scrollTop;
    place.top = element.scrollTop;
    // At the end it was we who scrolled, and the rows are there already.
    if (!follows) redraw(Math.floor(element.scrollTop / (rowHeight * STEP)));
    const below = element.scrollHeight - element.clientHeight - element.scrollTop;
    if (follows && isBack && below > rowHeight * 2) props.onLeaveEnd();
    else if (!follows && below <= 1 && shiftedTo.current < 0) props.onReachEnd();
    if (!follows && element.scrollTop < rowHeight * 20) props.onReachStart();
  };

  const { first, last, slots } = windowOf(follows ? end : Math.min(top.current, end), height / rowHeight, props);
  const rows = [];
  for (let index = first; index < last; index += 1) rows.push(props.row(index, index % slots, index * rowHeight));
  return (
    <div
      ref={box}
      class="list"
      role="listbox"
      tabIndex={0}
      aria-label={props.label}
      aria-activedescendant={props.active}
      onScroll={onScroll}
      onWheel={(event) => event.deltaY < 0 && follows && count * rowHeight > height && props.onLeaveEnd()}
    >
      {/* Each row has its place: those that stay in sight are not painted again when others come. */}
      <div class="list-space" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}

/** Mind no pointer while rows go by beneath it: each of them would be looked for, and drawn anew, in every frame. */
function letRowsPass(element: HTMLElement, resting: { current: number }): void {
  element.classList.add("is-scrolling");
  clearTimeout(resting.current);
  resting.current = window.setTimeout(() => element.classList.remove("is-scrolling"), STILL_AFTER);
}

interface Window {
  first: number;
  last: number;
  /** As many elements as the window may ever have: one that leaves at one end is used again at the other. */
  slots: number;
}

/** The rows that exist when those *from* pixels from the top are the first of *inSight*. */
function windowOf(from: number, inSight: number, { count, rowHeight, follows }: Props): Window {
  const top = Math.floor(from / rowHeight);
  const first = Math.max(0, follows ? top : Math.floor(top / STEP) * STEP - OVERSCAN);
  const slots = Math.ceil(inSight) + 1 + (follows ? 0 : STEP + 2 * OVERSCAN);
  return { first, last: Math.min(count, first + slots), slots };
}
