import { type FormEvent, useState } from "react";
import { call } from "../api/client";
import { useLoad } from "../api/load";
import type { CustomerOut } from "../api/schema";
import { useText } from "../i18n";
import { moment } from "../money";
import { Badge, Button, Failure, Field, Kolam, Title } from "../ui/ui";
import { useWork, wrongIn } from "../ui/work";
import { deviceName } from "./device";
import { SignFirst } from "./order";
import { useSession } from "./session";

export default function AccountPage() {
  const { t } = useText();
  const { me } = useSession();
  if (me === null) return <SignFirst to="/account" />;
  if (!me) return <Kolam>{t("ui.loading")}</Kolam>;
  return (
    <div className="stack narrow">
      <Title plain={t("account.title")}>{t("account.title")}</Title>
      <Myself me={me} />
      <Devices />
      <Leave />
    </div>
  );
}

function Myself({ me }: { me: CustomerOut }) {
  const { t } = useText();
  const { refresh } = useSession();
  const [name, setName] = useState(me.name);
  const work = useWork();
  function submit(event: FormEvent) {
    event.preventDefault();
    work.run(async () => {
      await call("PATCH /api/accounts/me", { body: { name } });
      await refresh();
    });
  }
  return (
    <form className="card stack" onSubmit={submit}>
      <p className="numbers">{me.phone}</p>
      <Field
        label={t("account.name")}
        autoComplete="name"
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.target.value)}
        wrong={wrongIn(work.error, "name")}
      />
      {work.error && <Failure error={work.error} />}
      <p className="row">
        <Button type="submit" kind="second" busy={work.busy}>
          {t("account.save")}
        </Button>
        <span role="status">{me.name === name && name !== "" && t("account.saved")}</span>
      </p>
    </form>
  );
}

function Devices() {
  const { t, language } = useText();
  const page = useLoad("GET /api/accounts/sessions", {}, language);
  const work = useWork();
  return (
    <section className="card stack" aria-labelledby="devices">
      <h2 id="devices">{t("account.devices")}</h2>
      {page.error && <Failure error={page.error} again={page.again} />}
      <ul className="stack tight">
        {page.data?.items.map((session) => (
          <li key={session.id} className="row between">
            <span className="small">
              {deviceName(session.device) || t("account.unknownDevice")}
              <br />
              <span className="soft">{moment(session.seen, language)}</span>
            </span>
            {session.current ? (
              <Badge tone="good">{t("account.here")}</Badge>
            ) : (
              <Button
                kind="second small"
                busy={work.busy}
                onClick={() =>
                  work
                    .run(() => call("DELETE /api/accounts/sessions/{session_id}", { path: { session_id: session.id } }))
                    .then(page.again)
                }
              >
                {t("account.end")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Leave() {
  const { t } = useText();
  const { signOut } = useSession();
  const work = useWork();
  return (
    <>
      {work.error && <Failure error={work.error} />}
      <p>
        <Button kind="no" busy={work.busy} onClick={() => work.run(signOut)}>
          {t("account.leave")}
        </Button>
      </p>
    </>
  );
}
