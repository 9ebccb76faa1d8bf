import type { Operations, Problem } from "./schema";

export type { Operations, Problem };
export type Operation = keyof Operations;
type Of<O extends Operation, Part extends string> = Part extends keyof Operations[O] ? Operations[O][Part] : undefined;
export type Answer<O extends Operation> = Of<O, "answer">;
type Given<O extends Operation> = Omit<Operations[O], "answer" | "key">;

/** The API said no. `problem` is in the caller's language and says what to do. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

/** No answer came: the request may have happened. */
export class NoAnswer extends Error {}

let language = "en";
export function speak(next: string): void {
  language = next;
}

/** A name for one intent: repeating a request with it repeats nothing. */
export function newKey(): string {
  return `web-${crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(16)).join("")}`;
}

declare global {
  /** Answers that `start.js` asked for, by address; each serves once. */
  var early: Map<string, Promise<Response | undefined>> | undefined;
}

/** The answer that was asked for before we ran, if it was and came. */
async function askedEarly(url: string): Promise<Response | undefined> {
  const answer = globalThis.early?.get(url);
  globalThis.early?.delete(url);
  return answer;
}

function cookie(name: string): string | undefined {
  return document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** Whether this browser holds a session; only the server knows whether it still counts. */
export function mayBeSignedIn(): boolean {
  return cookie("mela_csrf") !== undefined;
}

function address(operation: string, path: object | undefined, query: object | undefined): [string, string] {
  const [method = "GET", template = ""] = operation.split(" ");
  const filled = Object.entries(path ?? {}).reduce(
    (url, [name, value]) => url.replace(`{${name}}`, encodeURIComponent(String(value))),
    template,
  );
  const asked = Object.entries(query ?? {}).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  const search = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
  return [method, search ? `${filled}?${search}` : filled];
}

/**
 * Ask the API. Raises Refused with its reason, or NoAnswer when the line is dead.
 * What changes something carries the session's CSRF token; `key` makes it safe to repeat.
 */
export async function call<O extends Operation>(
  operation: O,
  given?: Given<O> & { key?: string; signal?: AbortSignal },
): Promise<Answer<O>> {
  const parts = (given ?? {}) as { path?: object; query?: object; body?: unknown; key?: string; signal?: AbortSignal };
  const [method, url] = address(operation, parts.path, parts.query);
  const headers: Record<string, string> = { "Accept-Language": language };
  if (parts.body !== undefined) headers["Content-Type"] = "application/json";
  if (parts.key) headers["Idempotency-Key"] = parts.key;
  const csrf = method === "GET" ? undefined : cookie("mela_csrf");
  if (csrf) headers["X-CSRF-Token"] = csrf;
  let response: Response;
  try {
    const body = parts.body === undefined ? null : JSON.stringify(parts.body);
    const given = { method, headers, body, signal: parts.signal ?? null };
    response = (await askedEarly(url)) ?? (await fetch(url, given));
  } catch (error) {
    if (parts.signal?.aborted) throw error;
    throw new NoAnswer(operation);
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as Answer<O>;
  throw new Refused(await problemOf(response));
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return { code: "web.unreadable", status: response.status, title: response.statusText } as Problem;
  }
}
