import type { Key } from "../i18n";
import { type Network, RANGES } from "./card-ranges.ts";

/** A card as it is being typed; digits only. It stays on this page and goes to the network's token service, nowhere else. */
export interface Card {
  number: string;
  expiry: string;
  cvv: string;
}
export type CardField = keyof Card;

export const NO_CARD: Card = { number: "", expiry: "", cvv: "" };
export const NETWORKS: Record<Network, string> = {
  amex: "American Express",
  mastercard: "Mastercard",
  rupay: "RuPay",
  visa: "Visa",
};

/** Whose a number is, by its first digits: known long before the last one is typed. */
export function networkOf(number: string): Network | undefined {
  return rowsOf(number)[0]?.[0];
}

function rowsOf(number: string) {
  return RANGES.filter(([, low, high]) => {
    const begins = number.slice(0, low.length);
    return begins.length === low.length && low <= begins && begins <= high;
  });
}

/** Whether the last digit is the one that the others call for (ISO/IEC 7812-1, annex B). */
export function luhn(number: string): boolean {
  const sum = [...number].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** Whether a network gives out such a number. */
export function isNumber(number: string): boolean {
  return rowsOf(number).some(([, , , lengths]) => lengths.includes(number.length)) && luhn(number);
}

export const cvvLength = (number: string): number => (networkOf(number) === "amex" ? 4 : 3);

/** How many digits a number may have; where nobody knows whose it is, as many as any has. */
export function numberLength(number: string): number {
  const known = rowsOf(number);
  return Math.max(...(known.length ? known : RANGES).flatMap(([, , , lengths]) => lengths));
}

/** As on the card: in fours, American Express 4-6-5. */
export function grouped(number: string): string {
  if (networkOf(number) !== "amex") return number.replace(/(.{4})(?=.)/g, "$1 ");
  return [number.slice(0, 4), number.slice(4, 10), number.slice(10)].filter(Boolean).join(" ");
}

/** `0829` as `08/29`. */
export const dated = (expiry: string): string =>
  expiry.length > 2 ? `${expiry.slice(0, 2)}/${expiry.slice(2)}` : expiry;

/** What is not right yet, by field. A card is valid to the end of its month. */
export function wrongOf(card: Card, today: Date): Partial<Record<CardField, Key>> {
  const wrong: Partial<Record<CardField, Key>> = {};
  if (card.number.length > 3 && !networkOf(card.number)) wrong.number = "card.wrong.network";
  else if (!isNumber(card.number)) wrong.number = "card.wrong.number";
  const month = Number(card.expiry.slice(0, 2));
  const year = 2000 + Number(card.expiry.slice(2));
  if (card.expiry.length < 4 || month < 1 || month > 12) wrong.expiry = "card.wrong.expiry";
  else if (year * 12 + month - 1 < today.getFullYear() * 12 + today.getMonth()) wrong.expiry = "card.wrong.past";
  if (card.cvv.length !== cvvLength(card.number)) wrong.cvv = "card.wrong.cvv";
  return wrong;
}
