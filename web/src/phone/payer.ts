import type { Operation } from "../api/client";

/** The payer's side of another provider: the same calls at its own address. */
export const at = <O extends Operation>(operation: O, provider: string): O =>
  operation.replace("/sim/gateway/", `/sim/${provider}/`) as O;
