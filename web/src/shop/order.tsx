import { Link, useLocation } from "wouter";
import type { OrderOut } from "../api/schema";
import { Art } from "../art/art";
import { type Key, useText } from "../i18n";
import { moment, rupees } from "../money";
import { Icon, type IconName } from "../ui/icon";
import { Button, Failure, Kolam, Notice, Title } from "../ui/ui";
import { stateKey } from "./address";
import { useCart } from "./cart";
import { Cancel, Returns } from "./changes";
import { type Line, useOrder } from "./follow";
import { Pay } from "./pay";
import { useSession } from "./session";

export default function OrderPage({ id }: { id: string }) {
  const { t, language } = useText();
  const { me } = useSession();
  const order = useOrder(me === null ? "" : id, language);
  if (me === null) return <SignFirst to={`/orders/${id}`} />;
  if (order.error && !order.data) return <Failure error={order.error} again={order.again} />;
  if (!order.data) return <Kolam>{t("ui.loading")}</Kolam>;
  return <Told order={order.data} line={order.line} />;
}

export function SignFirst({ to }: { to: string }) {
  const { t } = useText();
  return (
    <div className="stack narrow">
      <Title plain={t("orders.title")}>{t("orders.title")}</Title>
      <p>{t("orders.signin")}</p>
      <p>
        <Link className="button" href={`/signin?to=${encodeURIComponent(to)}`}>
          {t("head.signin")}
        </Link>
      </p>
    </div>
  );
}

/** `ord_01…ABCD` as people say it: its last six letters. */
export const shortId = (id: string): string => id.slice(-6);

function Told({ order, line }: { order: OrderOut; line: Line }) {
  const { t, language } = useText();
  return (
    <div className="stack">
      <p className="small">
        <Link href="/orders">{t("orders.all")}</Link>
      </p>
      <Title plain={t("order.title", { id: shortId(order.id) })}>{t("order.title", { id: shortId(order.id) })}</Title>
      <Heard line={line} />
      <div className="two">
        <div className="stack">
          <div role="status" aria-live="polite" className="stack" data-state={order.state}>
            <Standing order={order} />
          </div>
          {order.state === "awaiting_payment" && <Pay order={order} />}
          <section className="card stack" aria-labelledby="way">
            <h2 id="way">{t("order.way")}</h2>
            <Thread order={order} />
          </section>
          {order.refunds.length > 0 && <Refunds order={order} />}
          <Cancel order={order} />
          {(order.state === "delivered" || order.state === "returned") && <Returns order={order} />}
        </div>
        <aside className="card stack aside" aria-label={t("sum.title")}>
          <Bought order={order} />
          {order.history.some((step) => step.state === "confirmed") && (
            <Link href={`/orders/${order.id}/invoices`} className="button second wide">
              {t("invoice.see")}
            </Link>
          )}
          {order.state === "cancelled" && <Again order={order} />}
          <address className="small plain-address">
            <span className="strong">{order.address.name}</span>
            <br />
            {[order.address.line1, order.address.line2, order.address.city].filter(Boolean).join(", ")}
            <br />
            <span className="numbers">{order.address.pin}</span> {t(stateKey(order.address.state_code))}
          </address>
          <p className="small soft">{t("order.placed", { when: moment(order.created, language) })}</p>
        </aside>
      </div>
    </div>
  );
}

/** Whether what is shown is of this moment. */
function Heard({ line }: { line: Line }) {
  const { t } = useText();
  return (
    <div role="status" data-line={line}>
      {line === "live" && (
        <p className="row small soft">
          <span className="live-dot" aria-hidden="true" />
          {t("line.live")}
        </p>
      )}
      {line === "lost" && <Notice tone="wait" title={t("line.lost")} />}
    </div>
  );
}

const GOOD: Partial<Record<OrderOut["state"], Key>> = {
  confirmed: "standing.confirmed",
  shipped: "standing.shipped",
  delivered: "standing.delivered",
  returned: "standing.returned",
};

/** Where the order stands, in one sentence, and what it means for one's money. */
function Standing({ order }: { order: OrderOut }) {
  const { t } = useText();
  const good = GOOD[order.state];
  if (good) return <Notice tone="good" title={t(good)} />;
  if (order.state === "cancelled" || order.state === "cancelling")
    return (
      <Notice tone="bad" title={t("standing.cancelled")}>
        <p>{t(whyCancelled(order))}</p>
        <p>
          {t(
            order.refunds.length ? "standing.refund" : order.method === "cod" ? "standing.nothing" : "standing.noMoney",
          )}
        </p>
      </Notice>
    );
  if (order.state === "awaiting_payment" && order.reason === "risk_review")
    return (
      <Notice tone="wait" title={t("standing.review")}>
        <p>{t("standing.review.what")}</p>
      </Notice>
    );
  if (order.state === "awaiting_payment")
    return (
      <Notice tone="wait" title={t("standing.pending")}>
        <p>{t("standing.pending.what")}</p>
      </Notice>
    );
  return <Notice tone="wait" title={t("standing.placed")} />;
}

function whyCancelled(order: OrderOut): Key {
  const step = order.history.find((each) => each.state === "cancelling" || each.state === "cancelled");
  const reason = step?.reason ?? order.reason;
  if (/out_of_stock/.test(reason)) return "why.stock";
  if (/expired|U69/i.test(reason)) return "why.expired";
  if (step?.actor === "payments") return "why.declined";
  return "why.you";
}

const STEPS = ["placed", "confirmed", "shipped", "delivered"] as const;
const WORDS: Record<(typeof STEPS)[number], Key> = {
  placed: "step.placed",
  confirmed: "step.confirmed",
  shipped: "step.shipped",
  delivered: "step.delivered",
};

/** The way of a parcel, a thread with a knot at each station. */
function Thread({ order }: { order: OrderOut }) {
  const { t, language } = useText();
  const at = (state: string) => order.history.find((step) => step.state === state)?.at;
  const words = (step: (typeof STEPS)[number]): Key =>
    step === "confirmed" && order.method === "cod" ? "step.confirmedCod" : WORDS[step];
  const ended = at("cancelled") ?? at("cancelling");
  const reached = STEPS.filter((step) => at(step));
  const ahead = ended ? [] : STEPS.filter((step) => !at(step));
  const rows: { key: string; kind: string; icon?: IconName; words: string; when?: string | undefined }[] = [
    ...reached.map((step) => ({
      key: step,
      kind: "done",
      icon: "yes" as const,
      words: t(WORDS[step]),
      when: at(step),
    })),
    ...(ended
      ? [{ key: "cancelled", kind: "gone", icon: "no" as const, words: t("step.cancelled"), when: ended }]
      : []),
    ...ahead.map((step, i) => ({ key: step, kind: i === 0 ? "now" : "", words: t(words(step)) })),
    ...(at("returned")
      ? [{ key: "returned", kind: "done", icon: "back" as const, words: t("step.returned"), when: at("returned") }]
      : []),
  ];
  return (
    <ol className="thread">
      {rows.map((row) => (
        <li key={row.key} className={row.kind} aria-current={row.kind === "now" ? "step" : undefined}>
          <span className="knot">{row.icon && <Icon name={row.icon} size={15} />}</span>
          <span>
            <span className={row.kind ? "strong" : "soft"}>{row.words}</span>
            {row.when && <span className="small soft"> · {moment(row.when, language)}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Money on its way back, followed until it is there. */
function Refunds({ order }: { order: OrderOut }) {
  const { t, language } = useText();
  return (
    <section className="card stack" aria-labelledby="refunds">
      <h2 id="refunds">{t("refund.title")}</h2>
      {order.refunds.map((refund) => (
        <div key={refund.id} className="stack tight" data-refund={refund.state}>
          <p className="row between">
            <span className="strong numbers">{rupees(refund.amount_paise)}</span>
            <span className="small soft">{t(order.method === "cod" ? "refund.toCash" : "refund.toUpi")}</span>
          </p>
          <ol className="thread">
            <li className="done">
              <span className="knot">
                <Icon name="yes" size={15} />
              </span>
              <span>
                <span className="strong">{t("refund.begun")}</span>{" "}
                <span className="small soft">· {moment(refund.begun, language)}</span>
              </span>
            </li>
            <li className={{ pending: "now", processed: "done", failed: "gone" }[refund.state]}>
              <span className="knot">
                {refund.state !== "pending" && <Icon name={refund.state === "failed" ? "no" : "yes"} size={15} />}
              </span>
              <span>
                <span className="strong">{t(`refund.${refund.state}`)}</span>
                {refund.settled && <span className="small soft"> · {moment(refund.settled, language)}</span>}
              </span>
            </li>
          </ol>
        </div>
      ))}
    </section>
  );
}

function Bought({ order }: { order: OrderOut }) {
  const { t, language } = useText();
  return (
    <>
      <ul>
        {order.lines.map((line) => (
          <li key={line.sku} className="bought">
            <Art id={line.product_id} />
            <div>
              <Link href={`/p/${line.product_id}`}>{line.names[language] ?? line.names.en ?? line.sku}</Link>
              <p className="row between small">
                <span>{t("cart.pieces", { count: line.quantity })}</span>
                <span className="numbers strong">{rupees(line.gross_paise)}</span>
              </p>
              {line.returned > 0 && <p className="small soft">{t("order.returned", { count: line.returned })}</p>}
            </div>
          </li>
        ))}
      </ul>
      <dl className="sums">
        <dt className="total">{t("sum.total")}</dt>
        <dd className="total">{rupees(order.total_paise)}</dd>
        <dt className="small soft">{t("sum.tax")}</dt>
        <dd className="small soft">
          {rupees(
            order.lines.reduce((sum, line) => sum + line.tax_paise, 0),
            true,
          )}
        </dd>
        <dt className="small soft">{t("sum.method")}</dt>
        <dd className="small soft">{t(`pay.${order.method}`)}</dd>
        {order.refunded_paise > 0 && (
          <>
            <dt className="less">{t("sum.refunded")}</dt>
            <dd className="less">{rupees(order.refunded_paise)}</dd>
          </>
        )}
      </dl>
    </>
  );
}

/** The same things once more into the cart. */
function Again({ order }: { order: OrderOut }) {
  const { t } = useText();
  const { put } = useCart();
  const [, go] = useLocation();
  return (
    <Button
      kind="second wide"
      onClick={() => {
        for (const line of order.lines) put(line.sku, line.product_id, line.quantity);
        go("/cart");
      }}
    >
      {t("order.again")}
    </Button>
  );
}
