import { useState } from "react";
import { Link } from "wouter";
import { useLoad } from "../api/load";
import type { Product, Variant } from "../api/schema";
import { Art } from "../art/art";
import { useText } from "../i18n";
import { percent, rupees } from "../money";
import { Badge, Button, Choice, Count, Failure, Kolam, off, Price, Title } from "../ui/ui";
import { MOST, useCart } from "./cart";
import { DeliveryPromise } from "./delivery";
import { StockNote } from "./goods";
import { Reviews } from "./reviews";

export default function ProductPage({ id }: { id: string }) {
  const { t, language } = useText();
  const product = useLoad(
    "GET /api/catalog/products/{product_id}",
    { path: { product_id: id }, query: { lang: language } },
    language,
  );
  if (product.error) return <Failure error={product.error} again={product.again} />;
  if (!product.data) return <Kolam>{t("ui.loading")}</Kolam>;
  return <Goods product={product.data} />;
}

function Goods({ product }: { product: Product }) {
  const { t } = useText();
  const [sku, setSku] = useState<string>();
  const variant =
    product.variants.find((v) => v.sku === sku) ??
    product.variants.find((v) => v.stock.state !== "out_of_stock") ??
    product.variants[0];
  if (!variant) return null;
  const saved = off(variant.price_paise, variant.mrp_paise);
  return (
    <div className="stack loose">
      <div className="goods">
        <figure className="art-holder stack tight">
          <Art id={product.id} />
          <figcaption className="small soft">{t("goods.drawing")}</figcaption>
        </figure>
        <div className="stack">
          <p className="small">
            <Link href={`/c/${product.category.id}`}>{product.category.name}</Link>
          </p>
          <Title plain={product.name}>{product.name}</Title>
          <p className="lead">{product.description}</p>
          <div className="row">
            <Price now={variant.price_paise} was={variant.mrp_paise} big />
            {saved > 0 && <Badge tone="offer">{t("price.off", { percent: saved })}</Badge>}
          </div>
          <p className="small soft">
            {t("price.gst", {
              rate: percent(variant.gst_rate_bp),
              tax: rupees(variant.tax_paise, true),
              taxable: rupees(variant.taxable_paise, true),
            })}
          </p>
          {product.variants.length > 1 && (
            <fieldset className="stack tight">
              <legend>{t("goods.choose")}</legend>
              <div className="labels">
                {product.variants.map((each) => (
                  <Choice
                    key={each.sku}
                    name="variant"
                    value={each.sku}
                    checked={each.sku === variant.sku}
                    onChange={() => setSku(each.sku)}
                  >
                    <span className="strong">{each.label ?? each.sku}</span>{" "}
                    <span className="numbers soft small">{rupees(each.price_paise)}</span>
                    {each.stock.state === "out_of_stock" && <span className="small"> · {t("stock.out")}</span>}
                  </Choice>
                ))}
              </div>
            </fieldset>
          )}
          <p>
            <StockNote stock={variant.stock} />
          </p>
          <PutIn product={product} variant={variant} />
          <DeliveryPromise />
          <p className="small soft">{t("goods.seller", { seller: product.seller.name, hsn: product.hsn })}</p>
        </div>
      </div>
      <Reviews product={product.id} />
    </div>
  );
}

/** The way into the cart: closed where there is nothing to sell, and never for more pieces than there are. */
function PutIn({ product, variant }: { product: Product; variant: Variant }) {
  const { t } = useText();
  const cart = useCart();
  const held = cart.lines.find((line) => line.sku === variant.sku)?.quantity ?? 0;
  const most = Math.min(MOST, variant.stock.left ?? MOST);
  const name = variant.label ? `${product.name}, ${variant.label}` : product.name;
  const put = (quantity: number) => cart.put(variant.sku, product.id, quantity);
  return (
    <div className="stack tight">
      <div className="row">
        {held > 0 ? (
          <Count value={held} most={most} name={name} onChange={put} />
        ) : (
          <Button disabled={most === 0} onClick={() => put(1)}>
            {most === 0 ? t("goods.soldOut") : t("goods.add")}
          </Button>
        )}
        {held > 0 && (
          <Link href="/cart" className="button second">
            {t("goods.toCart")}
          </Link>
        )}
      </div>
      <p role="status" className="small">
        {held > 0 && t("goods.inCart", { count: held })}
      </p>
      {cart.trouble && <Failure error={cart.trouble} />}
    </div>
  );
}
