import { type ChangeEvent, useLayoutEffect, useRef, useState } from "react";
import { type Key, useText } from "../i18n";
import { Icon } from "../ui/icon";
import { Field } from "../ui/ui";
import {
  type Card,
  type CardField,
  cvvLength,
  dated,
  grouped,
  NETWORKS,
  networkOf,
  numberLength,
  wrongOf,
} from "./card";

/** The card networks' own fields, as a frame of theirs would stand in the shop: what is typed here never goes to our API. */
export function CardForm({
  card,
  change,
  asked,
  refused,
}: {
  card: Card;
  change: (part: Partial<Card>) => void;
  /** Whether somebody has tried to pay, so that what is missing is told. */
  asked: boolean;
  /** What the network said against, by field. */
  refused: (field: CardField) => string | undefined;
}) {
  const { t } = useText();
  const [left, setLeft] = useState<Partial<Record<CardField, boolean>>>({});
  const wrong = wrongOf(card, new Date());
  const network = networkOf(card.number);
  const front = cvvLength(card.number) === 4;
  const part = (field: CardField, most: number) => ({
    digits: card[field],
    most,
    put: (digits: string) => change({ [field]: digits }),
    onBlur: () => setLeft((now) => ({ ...now, [field]: card[field] !== "" })),
    wrong: asked || left[field] ? (said(t, wrong[field]) ?? refused(field)) : undefined,
    required: true,
    inputMode: "numeric" as const,
  });
  return (
    <fieldset className="networks stack tight">
      <legend className="row">
        <Icon name="card" />
        {t("card.own")}
      </legend>
      <p className="small">{t("card.note")}</p>
      <div className="card-number">
        <Digits
          {...part("number", numberLength(card.number))}
          label={t("card.number")}
          name="cc-number"
          autoComplete="cc-number"
          show={grouped}
        />
        <output className="badge" data-network={network}>
          {network ? NETWORKS[network] : ""}
        </output>
      </div>
      <div className="grid-fields">
        <Digits
          {...part("expiry", 4)}
          label={t("card.expiry")}
          name="cc-exp"
          autoComplete="cc-exp"
          placeholder="08/29"
          show={dated}
        />
        <Digits
          {...part("cvv", cvvLength(card.number))}
          label={t("card.cvv")}
          name="cc-csc"
          autoComplete="cc-csc"
          type="password"
          hint={t(front ? "card.cvv.front" : "card.cvv.back")}
          show={(digits) => digits}
        />
      </div>
      <p className="small soft">{t("card.sample")}</p>
    </fieldset>
  );
}

const said = (t: (key: Key) => string, key: Key | undefined): string | undefined => key && t(key);

type Given = Omit<Parameters<typeof Field>[0], "value" | "onChange" | "ref"> & {
  digits: string;
  most: number;
  put: (digits: string) => void;
  show: (digits: string) => string;
};

/** A field of digits that is grouped while one types; the caret stays behind the digit that was typed. */
function Digits({ digits, most, put, show, ...field }: Given) {
  const input = useRef<HTMLInputElement>(null);
  const caret = useRef<number>(undefined);
  const shown = show(digits);
  useLayoutEffect(() => {
    if (caret.current === undefined || !input.current) return;
    const place = endOf(shown, caret.current);
    caret.current = undefined;
    input.current.setSelectionRange(place, place);
  });
  function type(event: ChangeEvent<HTMLInputElement>) {
    const { value, selectionStart } = event.target;
    caret.current = onlyDigits(value.slice(0, selectionStart ?? value.length)).length;
    put(onlyDigits(value).slice(0, most));
  }
  return <Field {...field} ref={input} value={shown} onChange={type} />;
}

const onlyDigits = (typed: string): string => typed.replace(/\D/g, "");

/** Where in a text its n-th digit ends. */
function endOf(text: string, n: number): number {
  let place = 0;
  for (let seen = 0; place < text.length && seen < n; place++) if (/\d/.test(text.charAt(place))) seen++;
  return place;
}
