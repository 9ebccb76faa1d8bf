import { useCallback, useRef, useState } from "react";
import { NoAnswer, newKey, Refused } from "../api/client";

export interface Work {
  busy: boolean;
  error: Refused | NoAnswer | undefined;
  /** Runs one piece of work at a time; what the API says against it stands in `error`. True when it was done. */
  run: (work: (key: string) => Promise<unknown>) => Promise<boolean>;
}

/** A button's work. Its key stays the same until it is done, so that pressing again after a dead line repeats nothing. */
export function useWork(): Work {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Refused | NoAnswer>();
  const key = useRef(newKey());
  const running = useRef(false);
  const run = useCallback(async (work: (key: string) => Promise<unknown>) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(undefined);
    try {
      await work(key.current);
      key.current = newKey();
      return true;
    } catch (problem) {
      if (problem instanceof Refused) key.current = newKey();
      else if (!(problem instanceof NoAnswer)) throw problem;
      setError(problem);
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  return { busy, error, run };
}

/** What the API says of one field: `body.address.pin`. */
export function wrongIn(error: Refused | NoAnswer | undefined, field: string): string | undefined {
  if (!(error instanceof Refused)) return undefined;
  return error.problem.fields?.find((each) => each.field === field || each.field.endsWith(`.${field}`))?.reason;
}
