// An answer of the API that is asked for again and again while somebody looks.

import { useEffect, useState } from "preact/hooks";
import { explain } from "../state/access";

export interface Polled<T> {
  data: T | null;
  problem: string | null;
}

/** Ask now and every *every* milliseconds (0: once), anew whenever *key* changes; a hidden page does not ask again. */
export function usePolled<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, every = 0): Polled<T> {
  const [answer, setAnswer] = useState<Polled<T> & { key: string }>({ key, data: null, problem: null });
  useEffect(() => {
    const aborter = new AbortController();
    let timer = 0;
    let isFirst = true;
    const turn = async (): Promise<void> => {
      if (isFirst || !document.hidden) {
        isFirst = false;
        try {
          const data = await ask(aborter.signal);
          if (!aborter.signal.aborted) setAnswer({ key, data, problem: null });
        } catch (error) {
          if (aborter.signal.aborted) return;
          setAnswer((before) => ({ key, data: before.key === key ? before.data : null, problem: explain(error) }));
        }
      }
      if (every && !aborter.signal.aborted) timer = window.setTimeout(() => void turn(), every);
    };
    void turn();
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [key, every]);
  return answer.key === key ? answer : { data: null, problem: null };
}
