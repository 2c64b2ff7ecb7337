// Whether the server lets this browser in.

import { signal } from "@preact/signals";
import { ApiError } from "../api/client";

export const isSignedOut = signal(false);

/** Say in words what went wrong; a refusal turns the whole page into the way to log in. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 401) isSignedOut.value = true;
    return error.problem;
  }
  return error instanceof TypeError ? "the server does not answer" : String(error);
}
