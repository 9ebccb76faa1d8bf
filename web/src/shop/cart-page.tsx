import { Link } from "wouter";
import { Art } from "../art/art";
import { useText } from "../i18n";
import { rupees } from "../money";
import { Button, ButtonLink, Count, Empty, Failure, Kolam, Notice, Title } from "../ui/ui";
import { MOST, useCart } from "./cart";
import { StockNote } from "./goods";
import { type Shown, sums, useLines } from "./lines";

export default function CartPage() {
  const { t } = useText();
  const cart = useCart();
  const { shown, error, again } = useLines(cart.lines);
  return (
    <div className="stack">
      <Title plain={t("cart.title")}>{t("cart.title")}</Title>
      {cart.trouble && <Failure error={cart.trouble} again={cart.refresh} />}
      {error && <Failure error={error} again={again} />}
      {!shown && !error && <Kolam>{t("ui.loading")}</Kolam>}
      {shown?.length === 0 && (
        <Empty title={t("cart.empty")}>
          <p>{t("cart.empty.fix")}</p>
          <p>
            <ButtonLink to="/">{t("lost.home")}</ButtonLink>
          </p>
        </Empty>
      )}
      {shown && shown.length > 0 && <Filled shown={shown} />}
    </div>
  );
}

function Filled({ shown }: { shown: Shown[] }) {
  const { t } = useText();
  const short = shown.some((line) => line.short);
  return (
    <div className="two">
      <ul className="card">
        {shown.map((line) => (
          <Row key={line.sku} line={line} />
        ))}
      </ul>
      <aside className="card stack aside" aria-label={t("sum.title")}>
        <Sums shown={shown} />
        {short ? (
          <Notice tone="wait" title={t("cart.short")} />
        ) : (
          <ButtonLink to="/checkout" kind="wide">
            {t("cart.checkout")}
          </ButtonLink>
        )}
        <p className="small soft">{t("cart.keeps")}</p>
      </aside>
    </div>
  );
}

export function Sums({ shown }: { shown: readonly Shown[] }) {
  const { t } = useText();
  const { total, tax, saved } = sums(shown);
  return (
    <dl className="sums">
      {saved > 0 && (
        <>
          <dt className="less">{t("sum.saved")}</dt>
          <dd className="less">{rupees(saved)}</dd>
        </>
      )}
      <dt>{t("sum.delivery")}</dt>
      <dd>{t("sum.free")}</dd>
      <dt className="total">{t("sum.total")}</dt>
      <dd className="total">{rupees(total)}</dd>
      <dt className="small soft">{t("sum.tax")}</dt>
      <dd className="small soft">{rupees(tax, true)}</dd>
    </dl>
  );
}

function Row({ line }: { line: Shown }) {
  const { t } = useText();
  const { put } = useCart();
  const left = line.variant?.stock.left ?? MOST;
  return (
    <li className="bought">
      <Art id={line.product} />
      <div className="stack tight">
        <Link href={`/p/${line.product}`}>{line.name}</Link>
        <span className="numbers strong">{line.variant ? rupees(line.variant.price_paise * line.quantity) : "–"}</span>
        {line.variant && line.variant.stock.state !== "in_stock" && (
          <span>
            <StockNote stock={line.variant.stock} />
          </span>
        )}
        <div className="row">
          <Count
            value={line.quantity}
            most={Math.min(MOST, Math.max(left, 0))}
            name={line.name}
            onChange={(n) => put(line.sku, line.product, n)}
          />
          <Button
            kind="second small"
            aria-label={t("cart.remove", { name: line.name })}
            onClick={() => put(line.sku, line.product, 0)}
          >
            {t("cart.out")}
          </Button>
        </div>
      </div>
    </li>
  );
}
