import type { ReactNode } from "react";
import type { Loaded } from "../api/load";
import type { ChoiceView, MethodsView } from "../api/schema";
import { type Key, useText } from "../i18n";
import { moment } from "../money";
import { Choice, Failure, Kolam } from "../ui/ui";
import type { Card, CardField } from "./card";
import { CardForm } from "./card-form";
import "./pay-by.css";

export const METHODS = ["upi", "card", "netbanking", "wallet", "cod"] as const;
export type Method = (typeof METHODS)[number];

/** What is paid with. A bank and a wallet are their codes. */
export interface Means {
  method: Method;
  card: Card;
  bank: string;
  wallet: string;
}

/** Most people's banks, which stand first in the list. Ours to choose. */
const OFTEN = ["SBIN", "HDFC", "ICIC", "UTIB", "KKBK", "PUNB", "BARB", "CNRB"];

/** One choice for each method; what a method wants to know opens below it. */
export function PayBy({
  means,
  change,
  offers,
  noCash,
  asked,
  refused,
}: {
  means: Means;
  change: (part: Partial<Means>) => void;
  offers: Loaded<MethodsView>;
  noCash: boolean;
  asked: boolean;
  refused: (field: CardField) => string | undefined;
}) {
  const { t } = useText();
  const inside: Partial<Record<Method, ReactNode>> = {
    card: (
      <CardForm
        card={means.card}
        change={(part) => change({ card: { ...means.card, ...part } })}
        asked={asked}
        refused={refused}
      />
    ),
    netbanking: (
      <Offered offers={offers}>
        {(known) => <Banks known={known.netbanking} chosen={means.bank} choose={(bank) => change({ bank })} />}
      </Offered>
    ),
    wallet: (
      <Offered offers={offers}>
        {(known) => <Wallets known={known.wallet} chosen={means.wallet} choose={(wallet) => change({ wallet })} />}
      </Offered>
    ),
  };
  return (
    <section className="card stack" aria-labelledby="pay">
      <fieldset className="stack tight">
        <legend id="pay" className="lead">
          {t("checkout.pay")}
        </legend>
        {METHODS.map((method) => (
          <div key={method} className="pay-by">
            <Choice
              name="method"
              value={method}
              checked={means.method === method}
              disabled={method === "cod" && noCash}
              onChange={() => change({ method })}
            >
              <span className="strong">{t(`pay.${method}`)}</span>
              <br />
              <span className="small soft">
                {t(method === "cod" && noCash ? "delivery.noCash" : `pay.${method}.what`)}
              </span>
            </Choice>
            {means.method === method && inside[method] && <div className="pay-with">{inside[method]}</div>}
          </div>
        ))}
      </fieldset>
    </section>
  );
}

function Offered({ offers, children }: { offers: Loaded<MethodsView>; children: (known: MethodsView) => ReactNode }) {
  const { t } = useText();
  if (offers.data) return children(offers.data);
  return offers.error ? <Failure error={offers.error} again={offers.again} /> : <Kolam>{t("ui.loading")}</Kolam>;
}

interface Choosing {
  known: readonly ChoiceView[];
  chosen: string;
  choose: (code: string) => void;
}

/** A list that one searches by typing, as everywhere in the system; whoever nobody reaches now stands there and can't be chosen. */
function Banks({ known, chosen, choose }: Choosing) {
  const { t } = useText();
  const name = useName();
  const often = OFTEN.flatMap((code) => known.filter((bank) => bank.code === code));
  const groups: [Key, readonly ChoiceView[]][] = [
    ["bank.known", often],
    ["bank.all", known.filter((bank) => !often.includes(bank))],
  ];
  return (
    <div className="field">
      <label htmlFor="bank">{t("bank.label")}</label>
      <select id="bank" className="input" required value={chosen} onChange={(event) => choose(event.target.value)}>
        <option value="">{t("goods.choose")}</option>
        {groups.map(([label, banks]) => (
          <optgroup key={label} label={t(label)}>
            {banks.map((bank) => (
              <option key={bank.code} value={bank.code} disabled={bank.down}>
                {name(bank)}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}

function Wallets({ known, chosen, choose }: Choosing) {
  const { t } = useText();
  const name = useName();
  return (
    <fieldset className="stack tight">
      <legend>{t("wallet.label")}</legend>
      <div className="wallets">
        {known.map((wallet) => (
          <Choice
            key={wallet.code}
            name="wallet"
            value={wallet.code}
            required
            checked={chosen === wallet.code}
            disabled={wallet.down}
            onChange={() => choose(wallet.code)}
          >
            {name(wallet)}
          </Choice>
        ))}
      </div>
    </fieldset>
  );
}

/** A bank's name, and until when nobody reaches it. */
function useName(): (choice: ChoiceView) => string {
  const { t, language } = useText();
  return ({ name, down, until }) => (down && until ? t("bank.down", { name, time: moment(until, language) }) : name);
}
