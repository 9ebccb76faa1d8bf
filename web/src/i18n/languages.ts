/** The languages of the shop, the first one for whoever speaks none of them. */
export const LANGUAGES = ["en", "hi", "ta", "te", "kn"] as const;
export type Language = (typeof LANGUAGES)[number];

/** How each language calls itself. */
export const NAMES: Record<Language, string> = { en: "English", hi: "हिन्दी", ta: "தமிழ்", te: "తెలుగు", kn: "ಕನ್ನಡ" };

export function isLanguage(tag: string | null | undefined): tag is Language {
  return LANGUAGES.includes(tag as Language);
}
