import { useEffect, useState } from "react";
import { call, NoAnswer, Refused } from "../api/client";
import type { Product, Variant } from "../api/schema";
import { useText } from "../i18n";
import type { Line } from "./cart";

export interface Shown extends Line {
  name: string;
  category: string;
  variant: Variant | undefined;
  /** Fewer there than wanted, or none. */
  short: boolean;
}

/** The cart's lines with today's names, prices and stock; asked afresh each time the cart is looked at. */
export function useLines(lines: readonly Line[]): {
  shown: Shown[] | undefined;
  error: Refused | NoAnswer | undefined;
  again: () => void;
} {
  const { language } = useText();
  const [products, setProducts] = useState<Record<string, Product>>({});
  const [spoken, setSpoken] = useState("");
  const [error, setError] = useState<Refused | NoAnswer>();
  const [round, setRound] = useState(0);
  const wanted = [...new Set(lines.map((line) => line.product))].sort().join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks again
  useEffect(() => {
    if (!wanted) return;
    const stop = new AbortController();
    const read = (product_id: string) =>
      call("GET /api/catalog/products/{product_id}", {
        path: { product_id },
        query: { lang: language },
        signal: stop.signal,
      });
    Promise.all(wanted.split(" ").map(read)).then(
      (found) => {
        setProducts(Object.fromEntries(found.map((product) => [product.id, product])));
        setSpoken(language);
        setError(undefined);
      },
      (problem: unknown) => {
        if (problem instanceof Refused || problem instanceof NoAnswer) setError(problem);
        else if (!stop.signal.aborted) throw problem;
      },
    );
    return () => stop.abort();
  }, [wanted, language, round]);
  const again = () => setRound((n) => n + 1);
  if (!lines.length) return { shown: [], error: undefined, again };
  if (!spoken || lines.some((line) => !products[line.product])) return { shown: undefined, error, again };
  return { shown: lines.map((line) => show(line, products[line.product])), error, again };
}

function show(line: Line, product: Product | undefined): Shown {
  const variant = product?.variants.find((each) => each.sku === line.sku);
  const free = variant?.stock.left ?? (variant?.stock.state === "out_of_stock" ? 0 : line.quantity);
  const label = variant?.label ? `, ${variant.label}` : "";
  return {
    ...line,
    name: `${product?.name ?? line.sku}${label}`,
    category: product?.category.id ?? "",
    variant,
    short: !variant || free < line.quantity,
  };
}

export function sums(shown: readonly Shown[]): { total: number; tax: number; saved: number } {
  let [total, tax, saved] = [0, 0, 0];
  for (const { variant, quantity } of shown) {
    if (!variant) continue;
    total += variant.price_paise * quantity;
    tax += variant.tax_paise * quantity;
    saved += (variant.mrp_paise - variant.price_paise) * quantity;
  }
  return { total, tax, saved };
}
