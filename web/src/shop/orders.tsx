import { Link } from "wouter";
import { useLoad } from "../api/load";
import type { OrderOut } from "../api/schema";
import { Art } from "../art/art";
import { type Key, useText } from "../i18n";
import { moment, rupees } from "../money";
import { Badge, ButtonLink, Empty, Failure, Kolam, Title } from "../ui/ui";
import { SignFirst, shortId } from "./order";
import { useSession } from "./session";

export const STATE_WORDS: Record<OrderOut["state"], [Key, "plain" | "wait" | "good" | "bad"]> = {
  placed: ["state.placed", "wait"],
  awaiting_payment: ["state.awaiting", "wait"],
  confirmed: ["state.confirmed", "good"],
  shipped: ["state.shipped", "plain"],
  delivered: ["state.delivered", "good"],
  cancelling: ["state.cancelling", "bad"],
  cancelled: ["state.cancelled", "bad"],
  returned: ["state.returned", "plain"],
};

export default function OrdersPage() {
  const { t, language } = useText();
  const { me } = useSession();
  const page = useLoad(me ? "GET /api/orders/orders" : null, { query: { limit: 50 } }, language);
  if (me === null) return <SignFirst to="/orders" />;
  return (
    <div className="stack">
      <Title plain={t("orders.title")}>{t("orders.title")}</Title>
      {page.error && <Failure error={page.error} again={page.again} />}
      {page.waiting && <Kolam>{t("ui.loading")}</Kolam>}
      {page.data?.items.length === 0 && (
        <Empty title={t("orders.empty")}>
          <p>
            <ButtonLink to="/">{t("lost.home")}</ButtonLink>
          </p>
        </Empty>
      )}
      <ul className="stack">
        {page.data?.items.map((order) => (
          <Row key={order.id} order={order} />
        ))}
      </ul>
    </div>
  );
}

function Row({ order }: { order: OrderOut }) {
  const { t, language } = useText();
  const [words, tone] = STATE_WORDS[order.state];
  return (
    <li className="card order-row">
      <span className="order-arts">
        {order.lines.slice(0, 3).map((line) => (
          <Art key={line.sku} id={line.product_id} />
        ))}
      </span>
      <div className="stack tight">
        <p className="row">
          <Link href={`/orders/${order.id}`} className="strong">
            {t("order.title", { id: shortId(order.id) })}
          </Link>
          <Badge tone={tone}>{t(words)}</Badge>
        </p>
        <p className="small">{order.lines.map((line) => line.names[language] ?? line.sku).join(" · ")}</p>
        <p className="small soft">
          {moment(order.created, language)} · <span className="numbers">{rupees(order.total_paise)}</span>
        </p>
      </div>
    </li>
  );
}
