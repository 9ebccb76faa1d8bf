import { type FormEvent, type KeyboardEvent, useEffect, useId, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../api/client";
import type { Suggestion } from "../api/schema";
import { useText } from "../i18n";
import { Icon } from "../ui/icon";

const PAUSE_MS = 120;

/** Search as one types: a combobox over what the shop suggests. Enter without a choice searches for the words. */
export function Search() {
  const { t, language } = useText();
  const [, go] = useLocation();
  const [words, setWords] = useState("");
  const [found, setFound] = useState<Suggestion[]>([]);
  const [at, setAt] = useState(-1);
  const id = useId();

  useEffect(() => {
    const typed = words.trim();
    if (!typed) return setFound([]);
    const stop = new AbortController();
    const timer = setTimeout(() => {
      call("GET /api/catalog/suggest", { query: { q: typed, lang: language }, signal: stop.signal }).then(
        (page) => {
          setFound(page.items);
          setAt(-1);
        },
        () => setFound([]),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [words, language]);

  function leave(to: string) {
    setFound([]);
    setWords("");
    go(to);
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    const chosen = found[at];
    if (chosen) leave(`/p/${chosen.product_id}`);
    else if (words.trim()) leave(`/search?q=${encodeURIComponent(words.trim())}`);
  }
  function key(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      setAt((now) => ((now + step + 1 + found.length + 1) % (found.length + 1)) - 1);
    }
    if (event.key === "Escape") setFound([]);
  }
  return (
    <search className="search">
      <form onSubmit={submit}>
        <input
          className="input"
          type="search"
          role="combobox"
          aria-label={t("search.label")}
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          autoComplete="off"
          enterKeyHint="search"
          maxLength={100}
          placeholder={t("search.hint")}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={key}
          onBlur={() => setTimeout(() => setFound([]), 150)}
        />
        <button type="submit" className="go" aria-label={t("search.go")}>
          <Icon name="search" size={22} />
        </button>
      </form>

      <div
        role="listbox"
        id={`${id}-list`}
        aria-label={t("search.label")}
        className={found.length ? "found" : undefined}
      >
        {found.map((each, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys
          <div
            key={each.product_id}
            role="option"
            id={`${id}-${i}`}
            aria-selected={i === at}
            className="option"
            onClick={() => leave(`/p/${each.product_id}`)}
          >
            {each.text}
          </div>
        ))}
      </div>
    </search>
  );
}
