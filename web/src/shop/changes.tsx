import { type FormEvent, useEffect, useRef, useState } from "react";
import { call } from "../api/client";
import { useLoad } from "../api/load";
import type { OrderOut } from "../api/schema";
import { type Key, useText } from "../i18n";
import { rupees } from "../money";
import { Badge, Button, Choice, Count, Failure } from "../ui/ui";
import { useWork } from "../ui/work";

const CANCELLABLE: readonly OrderOut["state"][] = ["placed", "awaiting_payment", "confirmed"];
const WHY_CANCEL: readonly Key[] = ["cancel.mistake", "cancel.late", "cancel.price", "cancel.other"];
const WHY_RETURN: readonly Key[] = ["return.damaged", "return.wrong", "return.unlike", "return.other"];

function Why({
  reasons,
  chosen,
  choose,
}: {
  reasons: readonly Key[];
  chosen: Key | undefined;
  choose: (reason: Key) => void;
}) {
  const { t } = useText();
  return (
    <fieldset className="stack tight">
      <legend>{t("change.why")}</legend>
      {reasons.map((reason) => (
        <Choice key={reason} name="why" required checked={chosen === reason} onChange={() => choose(reason)}>
          {t(reason)}
        </Choice>
      ))}
    </fieldset>
  );
}

/** Until the parcel leaves, an order can be taken back; the money follows. */
export function Cancel({ order }: { order: OrderOut }) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const [why, setWhy] = useState<Key>();
  const work = useWork();
  if (!CANCELLABLE.includes(order.state)) return null;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (why)
      work.run(() =>
        call("POST /api/orders/orders/{order_id}/cancel", { path: { order_id: order.id }, body: { reason: t(why) } }),
      );
  }
  if (!open)
    return (
      <p>
        <Button kind="no" onClick={() => setOpen(true)}>
          {t("cancel.begin")}
        </Button>
      </p>
    );
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("cancel.title")}</h2>
      <Why reasons={WHY_CANCEL} chosen={why} choose={setWhy} />
      {work.error && <Failure error={work.error} />}
      <div className="row">
        <Button type="submit" kind="no" busy={work.busy}>
          {t("cancel.do")}
        </Button>
        <Button kind="second" onClick={() => setOpen(false)}>
          {t("cancel.keep")}
        </Button>
      </div>
    </form>
  );
}

const STATE: Record<string, Key> = {
  requested: "return.requested",
  received: "return.received",
  refunded: "return.refunded",
};

/** Sending pieces back, and where those are that were sent. */
export function Returns({ order }: { order: OrderOut }) {
  const { t, language } = useText();
  const page = useLoad("GET /api/orders/orders/{order_id}/returns", { path: { order_id: order.id } }, language);
  const version = useRef(order.version);
  const { again } = page;
  useEffect(() => {
    if (version.current === order.version) return;
    version.current = order.version;
    again();
  }, [order.version, again]);
  const left = order.lines.filter((line) => line.quantity > line.returned);
  return (
    <section className="card stack" aria-labelledby="returns">
      <h2 id="returns">{t("return.title")}</h2>
      {page.data?.items.map((each) => (
        <div key={each.id} className="row between" data-return={each.state}>
          <span>
            {t("cart.pieces", { count: Object.values(each.quantities).reduce((a, b) => a + b, 0) })} ·{" "}
            <span className="numbers">{rupees(each.amount_paise)}</span>
          </span>
          <Badge tone={each.state === "refunded" ? "good" : "wait"}>{t(STATE[each.state] ?? "return.requested")}</Badge>
        </div>
      ))}
      {order.state === "delivered" && left.length > 0 && <Send order={order} sent={again} />}
    </section>
  );
}

function Send({ order, sent }: { order: OrderOut; sent: () => void }) {
  const { t, language } = useText();
  const [pieces, setPieces] = useState<Record<string, number>>({});
  const [why, setWhy] = useState<Key>();
  const work = useWork();
  const chosen = Object.fromEntries(Object.entries(pieces).filter(([, count]) => count > 0));
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!why) return;
    const done = await work.run((key) =>
      call("POST /api/orders/orders/{order_id}/returns", {
        path: { order_id: order.id },
        body: { quantities: chosen, reason: t(why) },
        key,
      }),
    );
    if (!done) return;
    setPieces({});
    sent();
  }
  return (
    <details>
      <summary className="strong">{t("return.begin")}</summary>
      <form className="stack" onSubmit={submit}>
        <ul className="stack tight">
          {order.lines
            .filter((line) => line.quantity > line.returned)
            .map((line) => {
              const name = line.names[language] ?? line.sku;
              return (
                <li key={line.sku} className="row between">
                  <span>{name}</span>
                  <Count
                    value={pieces[line.sku] ?? 0}
                    most={line.quantity - line.returned}
                    name={name}
                    onChange={(n) => setPieces((now) => ({ ...now, [line.sku]: n }))}
                  />
                </li>
              );
            })}
        </ul>
        <Why reasons={WHY_RETURN} chosen={why} choose={setWhy} />
        {work.error && <Failure error={work.error} />}
        <p>
          <Button type="submit" busy={work.busy} disabled={!Object.keys(chosen).length}>
            {t("return.do")}
          </Button>
        </p>
      </form>
    </details>
  );
}
