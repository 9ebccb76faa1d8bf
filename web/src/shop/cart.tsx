import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { call, NoAnswer, Refused } from "../api/client";
import type { CartOut } from "../api/schema";
import { recallJson, remember } from "../memory";
import { useSession } from "./session";

export const MOST = 20;
export interface Line {
  sku: string;
  product: string;
  quantity: number;
}

interface Cart {
  lines: readonly Line[];
  pieces: number;
  /** Why the last change did not reach the shop. */
  trouble: Refused | NoAnswer | undefined;
  put: (sku: string, product: string, quantity: number) => void;
  /** Everything put in has arrived at the shop: needed before buying. */
  settled: () => Promise<void>;
  refresh: () => Promise<void>;
}

const Context = createContext<Cart | null>(null);

export function useCart(): Cart {
  const cart = useContext(Context);
  if (!cart) throw new Error("outside of Carrying");
  return cart;
}

function areLines(value: unknown): value is Line[] {
  return (
    Array.isArray(value) &&
    value.every((l) => typeof l?.sku === "string" && typeof l?.product === "string" && Number.isInteger(l?.quantity))
  );
}

function ofShop(cart: CartOut): Line[] {
  return cart.lines.map((line) => ({ sku: line.sku, product: line.product_id, quantity: line.quantity }));
}

/** Before signing in the cart lives in this browser and outlives its windows; then it moves into the shop's, nothing lost. */
export function Carrying({ children }: { children: ReactNode }) {
  const { me } = useSession();
  const [lines, setLines] = useState<Line[]>(() => recallJson("cart", areLines, []));
  const [trouble, setTrouble] = useState<Refused | NoAnswer>();
  const queue = useRef<Promise<void>>(Promise.resolve());
  const signedIn = Boolean(me);

  const send = useCallback((work: () => Promise<CartOut>) => {
    queue.current = queue.current.then(async () => {
      try {
        setLines(ofShop(await work()));
        setTrouble(undefined);
      } catch (error) {
        if (error instanceof Refused || error instanceof NoAnswer) setTrouble(error);
        else throw error;
      }
    });
    return queue.current;
  }, []);

  useEffect(() => {
    if (!signedIn) {
      setLines(recallJson("cart", areLines, []));
      const heard = (event: StorageEvent) => event.key === "mela.cart" && setLines(recallJson("cart", areLines, []));
      window.addEventListener("storage", heard);
      return () => window.removeEventListener("storage", heard);
    }
    send(async () => {
      let cart = await call("GET /api/orders/cart");
      for (const line of recallJson("cart", areLines, [])) {
        const there = cart.lines.find((l) => l.sku === line.sku)?.quantity ?? 0;
        const quantity = Math.min(MOST, Math.max(there, line.quantity));
        cart = await call("PUT /api/orders/cart/items/{sku}", { path: { sku: line.sku }, body: { quantity } });
      }
      remember("cart", null);
      return cart;
    });
    return undefined;
  }, [signedIn, send]);

  const put = useCallback(
    (sku: string, product: string, quantity: number) => {
      setLines((before) => {
        const known = before.some((l) => l.sku === sku);
        const line = { sku, product, quantity: Math.min(MOST, quantity) };
        const after = (known ? before.map((l) => (l.sku === sku ? line : l)) : [...before, line]).filter(
          (l) => l.quantity > 0,
        );
        if (!signedIn) remember("cart", JSON.stringify(after));
        return after;
      });
      if (signedIn) send(() => call("PUT /api/orders/cart/items/{sku}", { path: { sku }, body: { quantity } }));
    },
    [signedIn, send],
  );
  const settled = useCallback(() => queue.current, []);
  const refresh = useCallback(() => send(() => call("GET /api/orders/cart")), [send]);
  const pieces = lines.reduce((sum, line) => sum + line.quantity, 0);
  const value = useMemo(
    () => ({ lines, pieces, trouble, put, settled, refresh }),
    [lines, pieces, trouble, put, settled, refresh],
  );
  return <Context value={value}>{children}</Context>;
}
