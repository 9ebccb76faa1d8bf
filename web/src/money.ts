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

/**
 * A moment in India, in the reader's language, with the digits that all of them read. The year stands in a `date`, which
 * is for papers and for what lies apart, and elsewhere where it is not this one.
 */
export function moment(iso: string, language: Language, style: "day" | "date" | "time" | "both" = "both"): string {
  const at = new Date(iso);
  const options: Intl.DateTimeFormatOptions = { timeZone: "Asia/Kolkata" };
  if (style !== "time") Object.assign(options, { day: "numeric", month: "short" });
  if (style === "date" || (style !== "time" && year(at) !== year(new Date()))) options.year = "numeric";
  if (style === "time" || style === "both") Object.assign(options, { hour: "numeric", minute: "2-digit" });
  return new Intl.DateTimeFormat(`${language}-IN-u-nu-latn`, options).format(at);
}

function year(at: Date): string {
  return at.toLocaleDateString("en", { timeZone: "Asia/Kolkata", year: "numeric" });
}

/** `9:41`, of seconds that are left; never below zero. */
export function countdown(seconds: number): string {
  const left = Math.max(0, seconds);
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
