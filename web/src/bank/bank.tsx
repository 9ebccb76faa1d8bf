import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { call } from "../api/client";
import { useLoad } from "../api/load";
import type { Bill } from "../api/schema";
import { type Key, useText } from "../i18n";
import { countdown, rupees } from "../money";
import { at } from "../phone/payer";
import { NETWORKS } from "../shop/card";
import type { Network } from "../shop/card-ranges";
import { Icon } from "../ui/icon";
import { Button, Failure, Field, Kolam, Notice, Title } from "../ui/ui";
import { useWork } from "../ui/work";
import "./bank.css";

const HEADS: Record<string, Key> = { card: "page.card", netbanking: "pay.netbanking", wallet: "pay.wallet" };
const ENDS: Record<Exclude<Bill["status"], "created">, Key> = {
  authorized: "page.done",
  captured: "page.done",
  deemed: "upi.deemed",
  voided: "upi.expired",
  failed: "upi.declined",
  expired: "upi.expired",
};

/** The simulated page of a bank or a wallet: outside of the shop, and drawn so. It knows the bill, and by its address the way back. */
export default function BankPage({ provider, id }: { provider: string; id: string }) {
  const { t, language } = useText();
  const bill = useLoad(at("GET /sim/gateway/upi/{id}", provider), { path: { id } }, language);
  const back = /^ord_[0-9A-Z]{26}$/.exec(new URLSearchParams(window.location.search).get("order") ?? "")?.[0];
  return (
    <div className="bank">
      <div className="bank-sheet">
        <p className="bank-bar">
          <span>{t(HEADS[bill.data?.method ?? ""] ?? "page.card")}</span>
          <span className="small">{t("phone.simulated")}</span>
        </p>
        <div className="stack">
          {!bill.data &&
            (bill.error ? <Failure error={bill.error} again={bill.again} /> : <Kolam>{t("ui.loading")}</Kolam>)}
          {bill.data?.status === "created" && (
            <Decide bill={bill.data} provider={provider} put={bill.put} again={bill.again} />
          )}
          {bill.data && bill.data.status !== "created" && <Ended bill={bill.data} words={t(ENDS[bill.data.status])} />}
          {back && (
            <a className={`button wide ${bill.data?.status === "created" ? "second" : ""}`} href={`/orders/${back}`}>
              {t("page.back")}
            </a>
          )}
        </div>
      </div>
    </div>
  );
}

function Decide({
  bill,
  provider,
  put,
  again,
}: {
  bill: Bill;
  provider: string;
  put: (bill: Bill) => void;
  again: () => void;
}) {
  const { t } = useText();
  const work = useWork();
  const [otp, setOtp] = useState("");
  const card = bill.method === "card";
  const path = { id: bill.id };
  async function agree(event: FormEvent) {
    event.preventDefault();
    const body = card ? { otp } : {};
    setOtp("");
    if (
      !(await work.run(async () => put(await call(at("POST /sim/gateway/upi/{id}/approve", provider), { path, body }))))
    )
      again();
  }
  const refuse = () =>
    work.run(async () => put(await call(at("POST /sim/gateway/upi/{id}/decline", provider), { path, body: {} })));
  return (
    <form className="stack" onSubmit={agree}>
      <Asked bill={bill} />
      {card && (
        <Field
          label={t("page.otp")}
          hint={t("page.otp.sample")}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          pattern="[0-9]{6}"
          maxLength={6}
          value={otp}
          onChange={(event) => setOtp(event.target.value.replace(/\D/g, ""))}
        />
      )}
      {work.error && <Failure error={work.error} />}
      <Button type="submit" kind="yes wide" busy={work.busy}>
        {t("page.agree", { amount: rupees(bill.amount) })}
      </Button>
      <Button kind="no wide" disabled={work.busy} onClick={refuse}>
        {t("page.refuse")}
      </Button>
      <Left bill={bill} again={again} />
    </form>
  );
}

function Asked({ bill }: { bill: Bill }) {
  const { t } = useText();
  const asks = t("page.asks", { payee: bill.payee, amount: rupees(bill.amount) });
  return (
    <>
      <Title plain={asks}>{asks}</Title>
      <dl className="sums">
        <Row name={t("page.payee")}>{bill.payee}</Row>
        <Row name={t("page.for")}>{bill.description}</Row>
        <Row name={t("page.from")}>
          <PaidWith bill={bill} />
        </Row>
      </dl>
    </>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** `visa 1111` as `Visa •••• 1111`; a bank and a wallet by their names, which the shop's own list knows. */
function PaidWith({ bill }: { bill: Bill }) {
  const { language } = useText();
  const known = useLoad(bill.method === "card" ? null : "GET /api/payments/methods", undefined, language);
  const told = bill.paid_with ?? "";
  const [network = "", last4] = told.split(" ");
  if (last4) return <span className="numbers">{`${NETWORKS[network as Network] ?? network} •••• ${last4}`}</span>;
  const names = [...(known.data?.netbanking ?? []), ...(known.data?.wallet ?? [])];
  return <span lang="en">{names.find((each) => each.code === told)?.name ?? told}</span>;
}

function Left({ bill, again }: { bill: Bill; again: () => void }) {
  const { t } = useText();
  const [left, setLeft] = useState(bill.seconds_left);
  useEffect(() => {
    setLeft(bill.seconds_left);
    const timer = setInterval(() => setLeft((now) => now - 1), 1000);
    return () => clearInterval(timer);
  }, [bill.seconds_left]);
  useEffect(() => {
    if (left < 0) again();
  }, [left, again]);
  return <Notice tone="wait">{t("pay.left", { time: countdown(left) })}</Notice>;
}

function Ended({ bill, words }: { bill: Bill; words: string }) {
  const { t } = useText();
  const good = bill.status === "captured" || bill.status === "authorized";
  return (
    <div className={`bank-end ${good ? "" : "no"}`}>
      <Icon name={good ? "yes" : "no"} size={44} />
      <div role="status" data-bill={bill.status}>
        <Title plain={words}>{words}</Title>
      </div>
      <p className="lead numbers">{rupees(bill.amount)}</p>
      {bill.error && (
        <p className="small" lang="en" data-code={bill.error_code}>
          {bill.error_code} · {bill.error}
        </p>
      )}
      {bill.rrn && <p className="small soft numbers">{t("upi.rrn", { rrn: bill.rrn })}</p>}
    </div>
  );
}
