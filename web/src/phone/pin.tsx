import { type FormEvent, useEffect, useRef, useState } from "react";
import { call } from "../api/client";
import type { Bill, PayerAccount } from "../api/schema";
import { useText } from "../i18n";
import { rupees } from "../money";
import { Icon } from "../ui/icon";
import { Failure, Title } from "../ui/ui";
import { useWork } from "../ui/work";
import { at } from "./payer";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

/**
 * Where the UPI PIN is entered: by the pad, or by any keyboard in the field above it. A wrong one may be tried again; after the
 * last try the bank has declined, and the bill says so.
 */
export function Pin({
  bill,
  provider,
  account,
  put,
  again,
}: {
  bill: Bill;
  provider: string;
  account: PayerAccount;
  put: (bill: Bill) => void;
  again: () => void;
}) {
  const { t } = useText();
  const work = useWork();
  const [pin, setPin] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const length = account.pin.length;
  useEffect(() => field.current?.focus(), []);

  const type = (typed: string) => setPin(typed.replace(/\D/g, "").slice(0, length));
  async function pay(event: FormEvent) {
    event.preventDefault();
    if (pin.length < length) return field.current?.focus();
    const body = { vpa: account.vpa, pin };
    setPin("");
    const paid = await work.run(async () =>
      put(await call(at("POST /sim/gateway/upi/{id}/approve", provider), { path: { id: bill.id }, body })),
    );
    if (!paid) again();
  }
  return (
    <form className="stack pin" onSubmit={pay}>
      <div className="row between pin-of">
        <span>
          <span lang="en">{account.bank}</span> <span className="small numbers">{account.masked}</span>
        </span>
        <span className="strong numbers">{rupees(bill.amount)}</span>
      </div>
      <Title plain={t("upi.pin.enter")}>{t("upi.pin.enter")}</Title>
      <div className="pin-field">
        <input
          ref={field}
          type="password"
          inputMode="none"
          autoComplete="off"
          aria-label={t("upi.pin", { count: length })}
          value={pin}
          onChange={(event) => type(event.target.value)}
        />
        <span className="pin-places" aria-hidden="true">
          {[...account.pin].map((_, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a place is its number
            <span key={place} className={place < pin.length ? "full" : ""} />
          ))}
        </span>
      </div>
      {work.error && <Failure error={work.error} />}
      <div className="pad">
        {KEYS.map((key) => (
          <button key={key} type="button" onClick={() => type(pin + key)}>
            {key}
          </button>
        ))}
        <button type="button" aria-label={t("upi.pin.back")} onClick={() => setPin(pin.slice(0, -1))}>
          ⌫
        </button>
        <button type="button" onClick={() => type(`${pin}0`)}>
          0
        </button>
        <button
          type="submit"
          className="pay"
          disabled={work.busy}
          aria-label={t("upi.pin.pay", { amount: rupees(bill.amount) })}
        >
          <Icon name="yes" size={30} />
        </button>
      </div>
      <p className="small soft">{t("upi.pin.sample", { pin: account.pin })}</p>
    </form>
  );
}
