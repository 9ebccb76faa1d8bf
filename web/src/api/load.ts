import { useCallback, useEffect, useRef, useState } from "react";
import { type Answer, call, NoAnswer, type Operation, Refused } from "./client";

export interface Loaded<T> {
  data: T | undefined;
  error: Refused | NoAnswer | undefined;
  /** True while nothing can be shown yet. */
  waiting: boolean;
  again: () => void;
  put: (data: T) => void;
}

const kept = new Map<string, unknown>();

/** What was read before; a new person, or the same one signed out, starts empty. */
export function forgetAll(): void {
  kept.clear();
}

/**
 * Reads once per `given` and keeps the answer for coming back to: the old one shows at once, the new one replaces it.
 * `operation` null reads nothing. Reads again when the line comes back.
 */
export function useLoad<O extends Operation>(
  operation: O | null,
  given: Parameters<typeof call<O>>[1] | undefined,
  language: string,
): Loaded<Answer<O>> {
  const name = operation ? JSON.stringify([operation, given, language]) : "";
  const [, redraw] = useState(0);
  const [failed, setFailed] = useState<{ name: string; error: Refused | NoAnswer }>();
  const [round, setRound] = useState(0);
  const asked = useRef({ operation, given });
  asked.current = { operation, given };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `name` stands for operation, given and language; `round` asks again.
  useEffect(() => {
    if (!name || !asked.current.operation) return;
    const stop = new AbortController();
    call(
      asked.current.operation as O,
      { ...asked.current.given, signal: stop.signal } as Parameters<typeof call<O>>[1],
    ).then(
      (data) => {
        kept.set(name, data);
        setFailed(undefined);
        redraw((n) => n + 1);
      },
      (error: unknown) => {
        if (error instanceof Refused || error instanceof NoAnswer) setFailed({ name, error });
        else if (!stop.signal.aborted) throw error;
      },
    );
    return () => stop.abort();
  }, [name, round]);

  const again = useCallback(() => setRound((n) => n + 1), []);
  useEffect(() => {
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [again]);
  const put = useCallback(
    (data: Answer<O>) => {
      kept.set(name, data);
      redraw((n) => n + 1);
    },
    [name],
  );
  const data = kept.get(name) as Answer<O> | undefined;
  const error = failed?.name === name ? failed.error : undefined;
  return { data, error, waiting: Boolean(name) && data === undefined && !error, again, put };
}
