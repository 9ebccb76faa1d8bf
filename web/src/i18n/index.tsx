import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { speak } from "../api/client";
import { remember } from "../memory";
import { isLanguage, type Language } from "./languages";
import type en from "./texts/en.json";
import type pay from "./texts/pay/en.json";

export type Key = keyof typeof en | keyof typeof pay;
type Texts = Record<Key, string | Partial<Record<Intl.LDMLPluralRule, string>>>;
type Values = Record<string, string | number>;

/** Texts lie in a folder of their own where only some pages say them, so that the first page does not carry them. */
const files = import.meta.glob<{ default: Partial<Texts> }>("./texts/**/*.json");
const folders = new Set([""]);
const loaded = new Map<Language, Partial<Texts>>();
const have = new Set<string>();

/** Fetches a language's texts, those of a further `folder`, too, from now on; each once. */
export async function loadTexts(language: Language, folder = ""): Promise<void> {
  folders.add(folder);
  const texts = loaded.get(language) ?? {};
  loaded.set(language, texts);
  await Promise.all(
    [...folders].map(async (each) => {
      const name = `./texts/${each}${language}.json`;
      const file = files[name];
      if (!file || have.has(name)) return;
      Object.assign(texts, (await file()).default);
      have.add(name);
    }),
  );
}

/** The language that start.ts chose before the first paint. */
export function firstLanguage(): Language {
  const tag = document.documentElement.lang;
  return isLanguage(tag) ? tag : "en";
}

interface Spoken {
  language: Language;
  /** Changes all texts at once, wherever one is. */
  choose: (language: Language) => Promise<void>;
  /** The text of a key; `count` chooses the plural, `{name}` is filled in. */
  t: (key: Key, values?: Values) => string;
}

const Context = createContext<Spoken | null>(null);

export function useText(): Spoken {
  const spoken = useContext(Context);
  if (!spoken) throw new Error("outside of Speaking");
  return spoken;
}

export function Speaking({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  speak(language);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = useCallback(async (next: Language) => {
    await loadTexts(next);
    remember("lang", next);
    setLanguage(next);
  }, []);
  const value = useMemo(() => ({ language, choose, t: teller(language) }), [language, choose]);
  return <Context value={value}>{children}</Context>;
}

function teller(language: Language): Spoken["t"] {
  const texts = loaded.get(language);
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const found = texts?.[key] ?? key;
    const text =
      typeof found === "string" ? found : (found[plurals.select(Number(values.count))] ?? found.other ?? key);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  };
}
