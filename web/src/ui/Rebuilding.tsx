// How far the index is that is being made anew: until then answers leave out what it has not come to yet.

import type { Health } from "../api/types";
import { bytes } from "../format";

export function Rebuilding({ index }: { index: Health["index"] }) {
  if (index.state === "ready") return null;
  const [done, total] = [index.done ?? 0, index.total ?? 0];
  const share = total > 0 ? Math.min(1, done / total) : null;
  return (
    <div class="rebuilding" role="status">
      <b>The index is being made anew from the ledger</b>{" "}
      {share !== null && `${Math.floor(share * 100)} %, ${bytes(done)} of ${bytes(total)}`}
      <progress aria-label="Index" {...(share === null ? {} : { value: share, max: 1 })} />
      <span>Nothing is lost. Until it is done, lists and counts leave out what it has not come to yet.</span>
    </div>
  );
}
