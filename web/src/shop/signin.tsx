import { type FormEvent, useEffect, useId, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { call, Refused } from "../api/client";
import { useText } from "../i18n";
import { Button, Failure, Field, Notice, Title } from "../ui/ui";
import { useWork, wrongIn } from "../ui/work";
import { useSession } from "./session";

export default function SigninPage() {
  const { t } = useText();
  const { me } = useSession();
  const [, go] = useLocation();
  const back = new URLSearchParams(useSearch()).get("to") ?? "/orders";
  useEffect(() => {
    // Only to a page of this shop: an address from elsewhere is not followed.
    if (me) go(back.startsWith("/") && !back.startsWith("//") ? back : "/", { replace: true });
  }, [me, back, go]);
  return (
    <div className="stack narrow">
      <Title plain={t("signin.title")}>{t("signin.title")}</Title>
      <SignIn />
    </div>
  );
}

const DIGITS = /\D/g;

/** Phone, then the code that comes by SMS. The first time makes a customer of whoever it is. */
export function SignIn() {
  const { t } = useText();
  const { refresh } = useSession();
  const [phone, setPhone] = useState("");
  const [code, setCode] = useState("");
  const [sent, setSent] = useState(false);
  const [again, setAgain] = useState(0);
  const asking = useWork();
  const entering = useWork();
  const number = `+91${phone.replace(DIGITS, "").slice(-10)}`;

  useEffect(() => {
    if (again <= 0) return;
    const timer = setTimeout(() => setAgain(again - 1), 1000);
    return () => clearTimeout(timer);
  }, [again]);

  function ask(event?: FormEvent) {
    event?.preventDefault();
    asking.run(async () => {
      const answer = await call("POST /api/accounts/codes", { body: { phone: number } });
      setSent(true);
      setCode("");
      setAgain(answer.resend_after_s);
    });
  }
  function enter(event: FormEvent) {
    event.preventDefault();
    entering.run(async () => {
      await call("POST /api/accounts/sessions", {
        body: { phone: number, code: code.replace(DIGITS, ""), cookie: true },
      });
      await refresh();
    });
  }
  return (
    <div className="stack">
      <form className="stack" onSubmit={ask}>
        <Field
          label={t("signin.phone")}
          hint={t("signin.phone.hint")}
          name="phone"
          type="tel"
          inputMode="tel"
          autoComplete="tel-national"
          required
          pattern="(\+91|0)?[ \-]*[6-9]([ \-]*[0-9]){9}"
          maxLength={16}
          value={phone}
          onChange={(event) => {
            setPhone(event.target.value);
            setSent(false);
          }}
          wrong={wrongIn(asking.error, "phone")}
        />
        {!sent && (
          <p>
            <Button type="submit" busy={asking.busy}>
              {t("signin.ask")}
            </Button>
          </p>
        )}
        {asking.error && !wrongIn(asking.error, "phone") && <Failure error={asking.error} />}
      </form>
      {sent && (
        <form className="stack" onSubmit={enter}>
          <p role="status">{t("signin.sent", { phone: number })}</p>
          <Field
            label={t("signin.code")}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            pattern="\s*([0-9]\s*){6}"
            maxLength={12}
            value={code}
            onChange={(event) => setCode(event.target.value)}
            wrong={
              entering.error instanceof Refused
                ? `${entering.error.problem.title} ${entering.error.problem.detail}`
                : undefined
            }
            autoFocus
          />
          <div className="row">
            <Button type="submit" busy={entering.busy}>
              {t("signin.enter")}
            </Button>
            <Button kind="second" disabled={again > 0} busy={asking.busy} onClick={() => ask()}>
              {again > 0 ? t("signin.againIn", { count: again }) : t("signin.again")}
            </Button>
          </div>
          {entering.error && !(entering.error instanceof Refused) && <Failure error={entering.error} />}
          <SimulatedPhone phone={number} />
        </form>
      )}
      <p className="small soft">{t("signin.why")}</p>
    </div>
  );
}

/** Where the SMS inbox is simulated it can be opened from here; a real shop has none, and shows none. */
function SimulatedPhone({ phone }: { phone: string }) {
  const { t } = useText();
  const [there, setThere] = useState(false);
  const id = useId();
  useEffect(() => {
    call("GET /sim/sms/messages", { query: { to: phone, limit: 1 } }).then(
      () => setThere(true),
      () => setThere(false),
    );
  }, [phone]);
  if (!there) return null;
  return (
    <Notice title={<span id={id}>{t("signin.simulated")}</span>}>
      <a href={`/sms/${phone.slice(3)}`} target="_blank" rel="noopener">
        {t("signin.inbox")}
      </a>
    </Notice>
  );
}
