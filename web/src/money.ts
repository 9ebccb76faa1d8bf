import type { Language } from "./i18n/languages";

/** `1,23,45,678`: by hand, because CLDR groups Kannada by thousands. */
export function grouped(whole: number): string {
  const digits = String(Math.abs(whole));
  const head = digits.slice(0, -3).replace(/\B(?=(\d\d)+$)/g, ",");
  return (whole < 0 ? "−" : "") + (head ? `${head},${digits.slice(-3)}` : digits);
}

/** `₹1,299` or `₹1,299.50`: paise only where there are some, unless `exact`. */
export function rupees(paise: number, exact = false): string {
  const whole = Math.trunc(Math.abs(paise) / 100);
  const rest = Math.abs(paise) % 100;
  const sign = paise < 0 ? "−" : "";
  return `${sign}₹${grouped(whole)}${rest || exact ? `.${String(rest).padStart(2, "0")}` : ""}`;
}

/** Basis points as a percentage: 500 is `5 %`. */
export function percent(basisPoints: number): string {
  return `${basisPoints / 100} %`;
}

/** A moment in India, in the reader's language, with the digits that all of them read. */
export function moment(iso: string, language: Language, style: "day" | "time" | "both" = "both"): string {
  const options: Intl.DateTimeFormatOptions = { timeZone: "Asia/Kolkata" };
  if (style !== "time") Object.assign(options, { day: "numeric", month: "short" });
  if (style !== "day") Object.assign(options, { hour: "numeric", minute: "2-digit" });
  return new Intl.DateTimeFormat(`${language}-IN-u-nu-latn`, options).format(new Date(iso));
}
