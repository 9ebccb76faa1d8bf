/** What this browser remembers, under `mela.*`. Where storage is closed or full, it remembers nothing and says nothing. */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`mela.${name}`);
    else localStorage.setItem(`mela.${name}`, value);
  } catch {
    // Private windows may refuse.
  }
}

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`mela.${name}`);
  } catch {
    return null;
  }
}

/** A remembered value of a known shape; `fallback` when there is none, or somebody has been at it. */
export function recallJson<T>(name: string, holds: (value: unknown) => value is T, fallback: T): T {
  try {
    const value: unknown = JSON.parse(recall(name) ?? "null");
    return holds(value) ? value : fallback;
  } catch {
    return fallback;
  }
}
