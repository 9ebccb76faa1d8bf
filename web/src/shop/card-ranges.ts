// Written by `make docs` from the kernel's card-ranges.yaml: change it there. The first row that fits counts.
export type Network = "amex" | "mastercard" | "rupay" | "visa";
export const RANGES: readonly (readonly [Network, string, string, readonly number[]])[] = [
  ["rupay", "60", "60", [16]],
  ["rupay", "65", "65", [16]],
  ["rupay", "81", "81", [16]],
  ["rupay", "82", "82", [16]],
  ["rupay", "508", "508", [16]],
  ["rupay", "353", "353", [16]],
  ["rupay", "356", "356", [16]],
  ["amex", "34", "34", [15]],
  ["amex", "37", "37", [15]],
  ["mastercard", "51", "55", [16]],
  ["mastercard", "2221", "2720", [16]],
  ["visa", "4", "4", [13, 16, 19]],
];
