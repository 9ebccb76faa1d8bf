import { type FormEvent, type InputHTMLAttributes, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { call, Refused } from "../api/client";
import { useLoad } from "../api/load";
import type { AddressIn } from "../api/schema";
import { type Key, useText } from "../i18n";
import { remember } from "../memory";
import { rupees } from "../money";
import { Button, ButtonLink, Choice, Empty, Failure, Field, Kolam, Notice, Title } from "../ui/ui";
import { useWork, wrongIn } from "../ui/work";
import { lastAddress, STATES, stateKey } from "./address";
import { useCart } from "./cart";
import { Sums } from "./cart-page";
import { PromiseNote, usePromise } from "./delivery";
import { type Shown, sums, useLines } from "./lines";
import { isPin, usePlace } from "./place";
import { useSession } from "./session";
import { SignIn } from "./signin";

/** Who, where, how to pay, what: one page. What was typed stays, whatever else changes: language, line, stock. */
export default function CheckoutPage() {
  const { t } = useText();
  const { me } = useSession();
  const cart = useCart();
  const { shown, error, again } = useLines(cart.lines);
  if (shown?.length === 0)
    return (
      <Empty title={t("cart.empty")}>
        <p>
          <ButtonLink to="/">{t("lost.home")}</ButtonLink>
        </p>
      </Empty>
    );
  return (
    <div className="stack">
      <Title plain={t("checkout.title")}>{t("checkout.title")}</Title>
      {error && <Failure error={error} again={again} />}
      {me === null && (
        <section className="card stack" aria-labelledby="who">
          <h2 id="who">{t("checkout.who")}</h2>
          <SignIn />
        </section>
      )}
      {me === undefined || (!shown && !error) ? (
        <Kolam>{t("ui.loading")}</Kolam>
      ) : (
        shown && <Form shown={shown} ready={Boolean(me)} phone={me?.phone ?? ""} />
      )}
    </div>
  );
}

type Method = "upi" | "cod";

function Form({ shown, ready, phone }: { shown: Shown[]; ready: boolean; phone: string }) {
  const { t } = useText();
  const [, go] = useLocation();
  const cart = useCart();
  const place = usePlace();
  const [address, setAddress] = useState<AddressIn>(() => {
    const last = lastAddress();
    return { ...last, pin: last.pin || place.pin };
  });
  const [method, setMethod] = useState<Method>("upi");
  const promise = usePromise(address.pin);
  const work = useWork();
  const noCash = promise.data?.cash_on_delivery === false;
  const short = shown.some((line) => line.short);

  useEffect(() => {
    setAddress((now) => (now.phone || !phone ? now : { ...now, phone }));
  }, [phone]);
  useEffect(() => {
    if (noCash) setMethod("upi");
  }, [noCash]);

  function submit(event: FormEvent) {
    event.preventDefault();
    remember("address", JSON.stringify(address));
    if (isPin(address.pin)) place.choose(address.pin);
    work.run(async (key) => {
      await cart.settled();
      const sent = { ...address, phone: `+91${address.phone.replace(/\D/g, "").slice(-10)}` };
      const order = await call("POST /api/orders/orders", { body: { address: sent, method }, key });
      await cart.refresh();
      go(`/orders/${order.id}`);
    });
  }
  return (
    <form className="two" onSubmit={submit}>
      <div className="stack">
        <Where address={address} change={(part) => setAddress((now) => ({ ...now, ...part }))} error={work.error} />
        <section className="card stack" aria-labelledby="pay">
          <fieldset className="stack tight">
            <legend id="pay" className="lead">
              {t("checkout.pay")}
            </legend>
            <Choice name="method" value="upi" checked={method === "upi"} onChange={() => setMethod("upi")}>
              <span className="strong">{t("pay.upi")}</span>
              <br />
              <span className="small soft">{t("pay.upi.what")}</span>
            </Choice>
            <Choice
              name="method"
              value="cod"
              checked={method === "cod"}
              disabled={noCash}
              onChange={() => setMethod("cod")}
            >
              <span className="strong">{t("pay.cod")}</span>
              <br />
              <span className="small soft">{noCash ? t("delivery.noCash") : t("pay.cod.what")}</span>
            </Choice>
          </fieldset>
        </section>
      </div>
      <aside className="card stack aside" aria-label={t("sum.title")}>
        <ul className="stack tight">
          {shown.map((line) => (
            <li key={line.sku} className="row between small">
              <span>
                {line.quantity} × {line.name}
              </span>
              <span className="numbers">{line.variant ? rupees(line.variant.price_paise * line.quantity) : "–"}</span>
            </li>
          ))}
        </ul>
        <Sums shown={shown} />
        <div>{promise.data && <PromiseNote promise={promise.data} />}</div>
        {short && (
          <Notice tone="wait" title={t("cart.short")}>
            <Link href="/cart">{t("goods.toCart")}</Link>
          </Notice>
        )}
        {work.error && <Failure error={work.error} />}
        {work.error instanceof Refused && work.error.problem.status === 409 && (
          <Link href="/cart">{t("goods.toCart")}</Link>
        )}
        <Button type="submit" kind="wide" busy={work.busy} disabled={!ready || short}>
          {method === "upi" ? t("checkout.upi", { amount: rupees(sums(shown).total) }) : t("checkout.cod")}
        </Button>
        {!ready && <p className="small soft">{t("checkout.signin")}</p>}
      </aside>
    </form>
  );
}

const FIELDS: readonly (readonly [keyof AddressIn, Key, InputHTMLAttributes<HTMLInputElement>])[] = [
  ["name", "address.name", { autoComplete: "shipping name", required: true, maxLength: 120 }],
  [
    "phone",
    "address.phone",
    { autoComplete: "shipping tel", type: "tel", inputMode: "tel", required: true, maxLength: 16 },
  ],
  ["line1", "address.line1", { autoComplete: "shipping address-line1", required: true, maxLength: 120 }],
  ["line2", "address.line2", { autoComplete: "shipping address-line2", maxLength: 120 }],
  [
    "pin",
    "delivery.pin",
    {
      autoComplete: "shipping postal-code",
      inputMode: "numeric",
      required: true,
      pattern: "[1-9][0-9]{5}",
      maxLength: 6,
    },
  ],
  ["city", "address.city", { autoComplete: "shipping address-level2", required: true, maxLength: 80 }],
];

function Where({
  address,
  change,
  error,
}: {
  address: AddressIn;
  change: (part: Partial<AddressIn>) => void;
  error: Parameters<typeof wrongIn>[0];
}) {
  const { t, language } = useText();
  const cities = useLoad("GET /api/catalog/delivery/cities", { query: { lang: language } }, language);

  /** A PIN code mostly tells the State, and often the town: a guess that one may change. */
  function pin(typed: string) {
    const near = isPin(typed)
      ? cities.data?.items.find((city) => city.pin.slice(0, 3) === typed.slice(0, 3))
      : undefined;
    const guess = near ? { city: address.city || near.name, state_code: address.state_code || near.state_code } : {};
    change({ pin: typed, ...guess });
  }
  return (
    <section className="card stack" aria-labelledby="where">
      <h2 id="where">{t("checkout.where")}</h2>
      <div className="grid-fields">
        {FIELDS.map(([name, words, rest]) => (
          <Field
            key={name}
            {...rest}
            name={name}
            label={t(words)}
            value={address[name] ?? ""}
            onChange={(event) => (name === "pin" ? pin(event.target.value) : change({ [name]: event.target.value }))}
            wrong={wrongIn(error, name)}
          />
        ))}
        <div className="field">
          <label htmlFor="state">{t("address.state")}</label>
          <select
            id="state"
            className="input"
            required
            autoComplete="shipping address-level1"
            value={address.state_code}
            onChange={(event) => change({ state_code: event.target.value })}
          >
            <option value="">{t("goods.choose")}</option>
            {STATES.map((code) => (
              <option key={code} value={code}>
                {t(stateKey(code))}
              </option>
            ))}
          </select>
        </div>
      </div>
    </section>
  );
}
