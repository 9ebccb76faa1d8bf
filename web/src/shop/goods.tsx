import { Link } from "wouter";
import type { Card, Stock } from "../api/schema";
import { Art } from "../art/art";
import { useText } from "../i18n";
import { Badge, off, Price } from "../ui/ui";

/** What there is, as it is: never "hurry", only how many. */
export function StockNote({ stock }: { stock: Stock }) {
  const { t } = useText();
  if (stock.state === "out_of_stock") return <Badge tone="bad">{t("stock.out")}</Badge>;
  if (stock.state === "few_left") return <Badge tone="wait">{t("stock.few", { count: stock.left ?? 0 })}</Badge>;
  return <Badge tone="good">{t("stock.in")}</Badge>;
}

export interface Ware extends Omit<Card, "variants"> {
  variants?: number;
  /** What was paid before, where that is what it is compared with; else the printed price. */
  was_paise?: number;
}

/** A thing on a shelf. */
export function Good({ card }: { card: Ware }) {
  const { t } = useText();
  const { variant, variants = 1 } = card;
  const was = card.was_paise ?? variant.mrp_paise;
  const saved = off(variant.price_paise, was);
  const out = variant.stock.state === "out_of_stock";
  return (
    <li className={`ware ${out ? "out" : ""}`}>
      <Art id={card.id} />
      {saved > 0 && !out && <Badge tone="offer">{t("price.off", { percent: saved })}</Badge>}
      <div className="about">
        <h3>
          <Link href={`/p/${card.id}`}>{card.name}</Link>
        </h3>
        {variant.label && (
          <p className="small soft">
            {variant.label}
            {variants > 1 && ` · ${t("goods.variants", { count: variants - 1 })}`}
          </p>
        )}
        <Price now={variant.price_paise} was={was} before={card.was_paise !== undefined} />
        {variant.stock.state !== "in_stock" && (
          <p>
            <StockNote stock={variant.stock} />
          </p>
        )}
      </div>
    </li>
  );
}

export function Shelf({ cards }: { cards: readonly Ware[] }) {
  return (
    <ul className="shelf">
      {cards.map((card) => (
        <Good key={card.id} card={card} />
      ))}
    </ul>
  );
}
