import type { AddressIn } from "../api/schema";
import type { Key } from "../i18n";
import { recallJson } from "../memory";

/** States and territories by their GST code, in the order of the codes. */
export const STATES = [
  "01",
  "02",
  "03",
  "04",
  "05",
  "06",
  "07",
  "08",
  "09",
  "10",
  "11",
  "12",
  "13",
  "14",
  "15",
  "16",
  "17",
  "18",
  "19",
  "20",
  "21",
  "22",
  "23",
  "24",
  "26",
  "27",
  "29",
  "30",
  "31",
  "32",
  "33",
  "34",
  "35",
  "36",
  "37",
  "38",
] as const;

export const stateKey = (code: string): Key => `state.${code}` as Key;

export const NOWHERE: AddressIn = { name: "", phone: "", line1: "", line2: "", city: "", state_code: "", pin: "" };

function isAddress(value: unknown): value is AddressIn {
  const given = value as Record<string, unknown> | null;
  return (
    typeof given === "object" && given !== null && Object.keys(NOWHERE).every((name) => typeof given[name] === "string")
  );
}

/** The address of last time, from this browser. */
export function lastAddress(): AddressIn {
  return recallJson("address", isAddress, NOWHERE);
}
