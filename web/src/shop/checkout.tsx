import { type FormEvent, type InputHTMLAttributes, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { call, Refused } from "../api/client";
import { useLoad } from "../api/load";
import type { AddressIn } from "../api/schema";
import { type Key, useText } from "../i18n";
import { remember } from "../memory";
import { rupees } from "../money";
import { Button, ButtonLink, Empty, Failure, Field, Kolam, Notice, Title } from "../ui/ui";
import { useWork, wrongIn } from "../ui/work";
import { lastAddress, STATES, stateKey } from "./address";
import { type Card, NO_CARD, wrongOf } from "./card";
import { useCart } from "./cart";
import { Sums } from "./cart-page";
import { PromiseNote, usePromise } from "./delivery";
import { type Shown, sums, useLines } from "./lines";
import { type Means, PayBy } from "./pay-by";
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

/** What stops an order and is put right at the payment's own fields. */
const OF_PAYING = ["payments.bank_down", "payments.bad_instrument", "gateway.bad_card"];

function Form({ shown, ready, phone }: { shown: Shown[]; ready: boolean; phone: string }) {
  const { t, language } = useText();
  const [, go] = useLocation();
  const cart = useCart();
  const place = usePlace();
  const [address, setAddress] = useState<AddressIn>(() => {
    const last = lastAddress();
    return { ...last, pin: last.pin || place.pin };
  });
  const [means, setMeans] = useState<Means>({ method: "upi", card: NO_CARD, bank: "", wallet: "" });
  const [asked, setAsked] = useState(false);
  const offers = useLoad("GET /api/payments/methods", undefined, language);
  const tokenOf = useToken();
  const promise = usePromise(address.pin);
  const work = useWork();
  const noCash = promise.data?.cash_on_delivery === false;
  const short = shown.some((line) => line.short);

  useEffect(() => {
    setAddress((now) => (now.phone || !phone ? now : { ...now, phone }));
  }, [phone]);
  useEffect(() => {
    if (noCash) setMeans((now) => (now.method === "cod" ? { ...now, method: "upi" } : now));
  }, [noCash]);
  const { again } = offers;
  const refusal = work.error instanceof Refused ? work.error.problem : undefined;
  useEffect(() => {
    if (refusal && OF_PAYING.includes(refusal.code)) again();
  }, [refusal, again]);
  useEffect(() => {
    if (!offers.data) return;
    const named = [...offers.data.netbanking, ...offers.data.wallet];
    const down = named.filter((each) => each.down).map((each) => each.code);
    setMeans((now) => ({
      ...now,
      bank: down.includes(now.bank) ? "" : now.bank,
      wallet: down.includes(now.wallet) ? "" : now.wallet,
    }));
  }, [offers.data]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setAsked(true);
    const wrong = means.method === "card" ? Object.keys(wrongOf(means.card, new Date()))[0] : undefined;
    if (wrong)
      return event.currentTarget.querySelector<HTMLElement>(`[name=${CARD_FIELDS[wrong as keyof Card]}]`)?.focus();
    remember("address", JSON.stringify(address));
    if (isPin(address.pin)) place.choose(address.pin);
    work.run(async (key) => {
      await cart.settled();
      const sent = { ...address, phone: `+91${address.phone.replace(/\D/g, "").slice(-10)}` };
      const { method, bank, wallet } = means;
      const instrument = {
        upi: {},
        card: method === "card" && { card_token: await tokenOf(means.card) },
        netbanking: { bank },
        wallet: { wallet },
        cod: {},
      }[method];
      const order = await call("POST /api/orders/orders", { body: { address: sent, method, ...instrument }, key });
      await cart.refresh();
      go(`/orders/${order.id}`);
    });
  }
  return (
    <form className="two" onSubmit={submit}>
      <div className="stack">
        <Where address={address} change={(part) => setAddress((now) => ({ ...now, ...part }))} error={work.error} />
        <PayBy
          means={means}
          change={(part) => setMeans((now) => ({ ...now, ...part }))}
          offers={offers}
          noCash={noCash}
          asked={asked}
          refused={(field) =>
            refusal?.code === "gateway.bad_card" && refusal.params.field === field ? refusal.title : undefined
          }
        />
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
        {refusal?.status === 409 && <Link href="/cart">{t("goods.toCart")}</Link>}
        <Button type="submit" kind="wide" busy={work.busy} disabled={!ready || short}>
          {t(`checkout.${means.method}`, { amount: rupees(sums(shown).total) })}
        </Button>
        {!ready && <p className="small soft">{t("checkout.signin")}</p>}
      </aside>
    </form>
  );
}

const CARD_FIELDS: Record<keyof Card, string> = { number: "cc-number", expiry: "cc-exp", cvv: "cc-csc" };

/** Leaves a card with its network and tells the token that came; the same card once, so that an order asked for again is the same. */
function useToken(): (card: Card) => Promise<string> {
  const last = useRef<{ of: string; id: string }>(undefined);
  return async (card) => {
    const of = Object.values(card).join();
    if (last.current?.of !== of)
      last.current = { of, id: (await call("POST /sim/gateway/cards/tokens", { body: card })).id };
    return last.current.id;
  };
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
