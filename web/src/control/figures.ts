import type { Language } from "../i18n/languages";
import { grouped } from "../money";

/** `2.53 crore`, `4.2 lakh`, `7,100`: how many, as people here say it. */
export function many(count: number, language: Language): string {
  const [crore, lakh] = language === "hi" ? ["करोड़", "लाख"] : ["crore", "lakh"];
  if (count >= 1e7) return `${+(count / 1e7).toFixed(2)} ${crore}`;
  if (count >= 1e5) return `${+(count / 1e5).toFixed(2)} ${lakh}`;
  return grouped(Math.round(count));
}

/** A whole share as people read it: `101 %`, `10,081 %`. */
export function share(of: number): string {
  return of < 0.1 && of > 0 ? `${(of * 100).toFixed(1)} %` : `${grouped(Math.round(of * 100))} %`;
}
