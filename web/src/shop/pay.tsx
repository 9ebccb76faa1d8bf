import { useEffect, useMemo, useState } from "react";
import { renderSVG } from "uqr";
import type { OrderOut } from "../api/schema";
import { useText } from "../i18n";
import { countdown, rupees } from "../money";
import { Icon } from "../ui/icon";
import { Kolam } from "../ui/ui";

/** A UPI link's fields. The payee `@simbank`, `@simpayu` and so on is a simulated provider's: then a simulated app can be opened here. */
export function readLink(link: string): { id: string; simulated: string | undefined } {
  const fields = new URLSearchParams(link.slice(link.indexOf("?") + 1));
  const id = fields.get("tr") ?? "";
  const provider = /@sim([a-z]+)$/.exec(fields.get("pa") ?? "")?.[1];
  return { id, simulated: provider && (provider === "bank" ? `/upi/${id}` : `/upi/${id}/${provider}`) };
}

/** Where the payer agrees: in a UPI app, or on the page of a bank or a wallet. */
export function Pay({ order }: { order: OrderOut }) {
  const { t } = useText();
  if (!order.intent_url)
    return (
      <section className="card">
        <Kolam>{t("pay.preparing")}</Kolam>
      </section>
    );
  return order.intent_url.startsWith("upi:") ? (
    <ByUpi order={order} link={order.intent_url} />
  ) : (
    <OnPage order={order} link={order.intent_url} />
  );
}

/** A page of a simulated bank, which this window can show whatever it calls the machine. */
function pageOf(link: string): string | undefined {
  return /^https?:\/\/[^/]+(\/bank\/[a-z]+\/[a-zA-Z0-9]+)$/.exec(link)?.[1];
}

/** The way to the page of a bank or a wallet, and back. */
function OnPage({ order, link }: { order: OrderOut; link: string }) {
  const { t } = useText();
  const simulated = pageOf(link);
  return (
    <section className="card stack" aria-labelledby="topay">
      <h2 id="topay">{t("pay.title", { amount: rupees(order.total_paise) })}</h2>
      <p>{t("pay.page.what")}</p>
      <p>
        <a className="button" href={simulated ? `${simulated}?order=${order.id}` : link}>
          <Icon name="next" />
          {t(order.method === "wallet" ? "pay.page.wallet" : "pay.page")}
        </a>
      </p>
      {simulated && <p className="small soft">{t("pay.page.simulated")}</p>}
      {order.pay_before && <Left until={order.pay_before} />}
    </section>
  );
}

/** Code to scan, button to press, and how long there is. */
function ByUpi({ order, link }: { order: OrderOut; link: string }) {
  const { t } = useText();
  const { simulated } = readLink(link);
  return (
    <section className="card stack" aria-labelledby="topay">
      <h2 id="topay">{t("pay.title", { amount: rupees(order.total_paise) })}</h2>
      <div className="pay">
        <Code text={link} />
        <div className="stack">
          <ol className="stack tight steps">
            <li>{t("pay.step1")}</li>
            <li>{t("pay.step2")}</li>
            <li>{t("pay.step3")}</li>
          </ol>
          {simulated ? (
            <a className="button" href={simulated} target="_blank" rel="noopener">
              <Icon name="phone" />
              {t("pay.open")}
            </a>
          ) : (
            <a className="button" href={link}>
              <Icon name="phone" />
              {t("pay.open")}
            </a>
          )}
          {simulated && <p className="small soft">{t("pay.simulated")}</p>}
          {order.pay_before && <Left until={order.pay_before} />}
        </div>
      </div>
    </section>
  );
}

function Code({ text }: { text: string }) {
  const { t } = useText();
  // The library writes SVG; only its path is taken, so that nothing is ever set as markup.
  const path = useMemo(() => / d="([^"]+)"/.exec(renderSVG(text, { border: 0, pixelSize: 1 }))?.[1] ?? "", [text]);
  const size = useMemo(
    () => Number(/viewBox="0 0 (\d+)/.exec(renderSVG(text, { border: 0, pixelSize: 1 }))?.[1] ?? 0),
    [text],
  );
  return (
    <div className="qr" role="img" aria-label={t("pay.code")}>
      <svg viewBox={`0 0 ${size} ${size}`} aria-hidden="true" focusable="false" shapeRendering="crispEdges">
        <path d={path} />
      </svg>
    </div>
  );
}

function Left({ until }: { until: string }) {
  const { t } = useText();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((Date.parse(until) - now) / 1000));
  if (!seconds) return <Kolam>{t("pay.over")}</Kolam>;
  return (
    <p className="row" role="timer">
      <Icon name="wait" />
      {t("pay.left", { time: countdown(seconds) })}
    </p>
  );
}
