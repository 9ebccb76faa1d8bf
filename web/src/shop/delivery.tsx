import { type FormEvent, useState } from "react";
import { useLoad } from "../api/load";
import type { Delivery } from "../api/schema";
import { useText } from "../i18n";
import { moment } from "../money";
import { Icon } from "../ui/icon";
import { Button, Failure, Field } from "../ui/ui";
import { isPin, usePlace } from "./place";

export function usePromise(pin: string) {
  const { language } = useText();
  return useLoad(isPin(pin) ? "GET /api/catalog/delivery" : null, { query: { pin } }, language);
}

/** Two days, both included, and whether the door may pay. */
export function PromiseNote({ promise }: { promise: Delivery }) {
  const { t, language } = useText();
  const [first, last] = [moment(promise.earliest, language, "day"), moment(promise.latest, language, "day")];
  return (
    <>
      <p className="row strong nowrap">
        <Icon name="truck" />
        {first === last ? t("delivery.on", { day: first }) : t("delivery.between", { first, last })}
      </p>
      <p className="small soft">{promise.cash_on_delivery ? t("delivery.cash") : t("delivery.noCash")}</p>
    </>
  );
}

/** Asks for a PIN code once, remembers it, and says when a parcel would come there. */
export function DeliveryPromise() {
  const { t } = useText();
  const { pin, choose } = usePlace();
  const [typed, setTyped] = useState(pin);
  const promise = usePromise(pin);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (isPin(typed)) choose(typed);
  }
  return (
    <section className="card stack tight" aria-label={t("delivery.title")}>
      <form className="promise" onSubmit={submit}>
        <Field
          label={t("delivery.pin")}
          name="pin"
          inputMode="numeric"
          autoComplete="postal-code"
          required
          pattern="[1-9][0-9]{5}"
          maxLength={6}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" kind="second">
          {t("delivery.check")}
        </Button>
      </form>
      <div role="status">
        {promise.data && <PromiseNote promise={promise.data} />}
        {promise.error && <Failure error={promise.error} />}
      </div>
    </section>
  );
}
