import { type FormEvent, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useLoad } from "../api/load";
import { useText } from "../i18n";
import { moment } from "../money";
import { Button, Empty, Failure, Field, Kolam, Title } from "../ui/ui";
import { Phone } from "./phone";

const LOOK_MS = 2000;

/** The simulated phone's messages: where sign-in codes arrive. */
export default function SmsPage({ phone }: { phone?: string }) {
  const { t } = useText();
  return (
    <Phone title={t("sms.app")}>{phone && /^[6-9]\d{9}$/.test(phone) ? <Inbox phone={phone} /> : <Whose />}</Phone>
  );
}

function Whose() {
  const { t } = useText();
  const [, go] = useLocation();
  const [phone, setPhone] = useState("");
  function submit(event: FormEvent) {
    event.preventDefault();
    go(`/sms/${phone}`);
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Title plain={t("sms.whose")}>{t("sms.whose")}</Title>
      <Field
        label={t("signin.phone")}
        type="tel"
        inputMode="tel"
        required
        pattern="[6-9][0-9]{9}"
        maxLength={10}
        value={phone}
        onChange={(event) => setPhone(event.target.value)}
      />
      <Button type="submit" kind="wide">
        {t("sms.open")}
      </Button>
    </form>
  );
}

function Inbox({ phone }: { phone: string }) {
  const { t, language } = useText();
  const page = useLoad("GET /sim/sms/messages", { query: { to: `+91${phone}`, limit: 10 } }, language);
  const { again } = page;
  useEffect(() => {
    const timer = setInterval(again, LOOK_MS);
    return () => clearInterval(timer);
  }, [again]);
  return (
    <>
      <Title plain={t("sms.of", { phone })}>{t("sms.of", { phone })}</Title>
      {page.error && !page.data && <Failure error={page.error} again={again} />}
      {page.waiting && <Kolam>{t("ui.loading")}</Kolam>}
      {page.data?.items.length === 0 && <Empty title={t("sms.empty")} />}
      <ul className="stack" aria-live="polite">
        {page.data?.items.map((sms) => (
          <li key={sms.reference} className="bubble">
            <p>{sms.text}</p>
            <p className="small soft">{moment(sms.received, language)}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
