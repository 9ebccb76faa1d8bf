import { type FormEvent, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../api/client";
import { useLoad } from "../api/load";
import type { Bill, PayerAccount } from "../api/schema";
import { useText } from "../i18n";
import { countdown, rupees } from "../money";
import { readLink } from "../shop/pay";
import { Icon } from "../ui/icon";
import { Button, Choice, Failure, Field, Kolam, Notice, Title } from "../ui/ui";
import { useWork } from "../ui/work";
import { at } from "./payer";
import { Phone } from "./phone";
import { Pin } from "./pin";

/** The simulated UPI app: what a payer sees of a payment, and what payers do: choose an account, enter the PIN, decline, wait. */
export default function UpiPage({ id, provider = "gateway" }: { id?: string; provider?: string }) {
  const { t } = useText();
  return <Phone title={t("upi.app")}>{id ? <Asked id={id} provider={provider} /> : <Paste />}</Phone>;
}

/** Instead of a camera: the text of the code or link. */
function Paste() {
  const { t } = useText();
  const [, go] = useLocation();
  const [link, setLink] = useState("");
  function submit(event: FormEvent) {
    event.preventDefault();
    const { simulated } = readLink(link);
    if (simulated) go(simulated);
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Title plain={t("upi.paste")}>{t("upi.paste")}</Title>
      <Field
        label={t("upi.link")}
        required
        pattern="upi://pay\?.*tr=.*"
        value={link}
        onChange={(event) => setLink(event.target.value)}
      />
      <Button type="submit" kind="wide">
        {t("upi.look")}
      </Button>
    </form>
  );
}

function Asked({ id, provider }: { id: string; provider: string }) {
  const { t, language } = useText();
  const bill = useLoad(at("GET /sim/gateway/upi/{id}", provider), { path: { id } }, language);
  if (bill.error && !bill.data) return <Failure error={bill.error} again={bill.again} />;
  if (!bill.data) return <Kolam>{t("ui.loading")}</Kolam>;
  return <Shown bill={bill.data} provider={provider} put={bill.put} again={bill.again} />;
}

function Shown({ bill, provider, put, again }: Part) {
  const { t } = useText();
  if (bill.status === "created") return <Decide bill={bill} provider={provider} put={put} again={again} />;
  const paid = bill.status === "captured";
  const words = {
    authorized: t("upi.paid"),
    deemed: t("upi.deemed"),
    captured: t("upi.paid"),
    voided: t("upi.expired"),
    failed: t("upi.declined"),
    expired: t("upi.expired"),
  }[bill.status];
  return (
    <div className={`mark-done ${paid ? "" : "no"}`}>
      <span className="disc">
        <Icon name={paid ? "yes" : "no"} size={44} />
      </span>
      <div role="status" data-bill={bill.status}>
        <Title plain={words}>{words}</Title>
      </div>
      <p className="lead numbers">{rupees(bill.amount)}</p>
      <p>{bill.payee}</p>
      {bill.error && (
        <p className="small" lang="en" data-code={bill.error_code}>
          {bill.error_code} · {bill.error}
        </p>
      )}
      {bill.rrn && <p className="small soft numbers">{t("upi.rrn", { rrn: bill.rrn })}</p>}
      <p className="small soft">{t("upi.back")}</p>
    </div>
  );
}

interface Part {
  bill: Bill;
  provider: string;
  put: (bill: Bill) => void;
  again: () => void;
}

/** First what is asked and from which account, then the PIN; the clock runs through both. */
function Decide({ bill, provider, put, again }: Part) {
  const { t, language } = useText();
  const work = useWork();
  const accounts = useLoad(at("GET /sim/gateway/upi/accounts", provider), undefined, language);
  const [vpa, setVpa] = useState<string>();
  const [agreed, setAgreed] = useState(false);
  const [left, setLeft] = useState(bill.seconds_left);
  useEffect(() => {
    setLeft(bill.seconds_left);
    const timer = setInterval(() => setLeft((now) => now - 1), 1000);
    return () => clearInterval(timer);
  }, [bill.seconds_left]);
  useEffect(() => {
    if (left < 0) again();
  }, [left, again]);
  if (accounts.error && !accounts.data) return <Failure error={accounts.error} again={accounts.again} />;
  const known = accounts.data?.items ?? [];
  const account = known.find((each) => each.vpa === vpa) ?? known[0];
  if (!account) return <Kolam>{t("ui.loading")}</Kolam>;
  const decline = () =>
    work.run(async () =>
      put(await call(at("POST /sim/gateway/upi/{id}/decline", provider), { path: { id: bill.id }, body: {} })),
    );
  return (
    <>
      {agreed ? (
        <Pin key={account.vpa} bill={bill} provider={provider} account={account} put={put} again={again} />
      ) : (
        <>
          <Payee bill={bill} />
          <Accounts known={known} chosen={account} choose={setVpa} />
        </>
      )}
      {work.error && <Failure error={work.error} again={again} />}
      <div className="stack tight">
        {!agreed && (
          <Button kind="yes wide" disabled={work.busy} onClick={() => setAgreed(true)}>
            {t("upi.approve")}
          </Button>
        )}
        <Button kind="no wide" busy={work.busy} onClick={decline}>
          {t(agreed ? "upi.cancel" : "upi.decline")}
        </Button>
      </div>
      <Notice tone="wait" title={t("pay.left", { time: countdown(left) })}>
        {t("upi.left.what")}
      </Notice>
    </>
  );
}

function Payee({ bill }: { bill: Bill }) {
  const { t } = useText();
  return (
    <div className="payee">
      <span className="face" aria-hidden="true">
        {bill.payee.slice(0, 1)}
      </span>
      <Title plain={t("upi.asks", { payee: bill.payee })}>{t("upi.asks", { payee: bill.payee })}</Title>
      <p className="small soft">{bill.payee_vpa}</p>
      <p className="amount">{rupees(bill.amount)}</p>
      <p>{bill.description}</p>
    </div>
  );
}

function Accounts({
  known,
  chosen,
  choose,
}: {
  known: readonly PayerAccount[];
  chosen: PayerAccount;
  choose: (vpa: string) => void;
}) {
  const { t } = useText();
  return (
    <fieldset className="stack tight">
      <legend className="strong">{t("upi.from")}</legend>
      {known.map((each) => (
        <Choice key={each.vpa} name="from" checked={each === chosen} onChange={() => choose(each.vpa)}>
          <span lang="en">{each.bank}</span> <span className="small soft numbers">{each.masked}</span>
        </Choice>
      ))}
    </fieldset>
  );
}
