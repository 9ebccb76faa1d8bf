import { useEffect, useState } from "react";
import { call, newKey, Refused } from "../api/client";
import { type Loaded, useLoad } from "../api/load";
import type { LedgerState, SettlementRun, SlowRequest } from "../api/schema";
import { moment, rupees } from "../money";
import { Badge, Button, Failure, Notice } from "../ui/ui";
import { share as shareOf } from "./figures";
import { type Say, useRoom, word } from "./texts";

const OFTEN_MS = 3000;
const SELDOM_MS = 10_000;
const COLUMNS = [
  ["requests", "perSecond"],
  ["p50_ms", "half"],
  ["p95_ms", "most"],
  ["budget_used", "budget"],
] as const;

/** Reads again while the page is looked at, and as long as it is `wanted`. */
export function useAgain(again: () => void, every: number, wanted = true): void {
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => document.visibilityState === "visible" && again(), every);
    return () => clearInterval(timer);
  }, [again, every, wanted]);
}

export function Services({ meanings }: { meanings: Record<string, string> }) {
  const { language, say } = useRoom();
  const { data, again } = useLoad("GET /api/control/services", undefined, language);
  useAgain(again, OFTEN_MS);
  return (
    <section className="panel wide" aria-labelledby="services">
      <h2 id="services">{say("services")}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <div className="scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("service")}</th>
              <th scope="col">{say("state")}</th>
              <th scope="col" className="number">
                {say("perSecond")}
              </th>
              <th scope="col" className="number">
                {say("half")}
              </th>
              <th scope="col" className="number">
                {say("most")}
              </th>
              <th scope="col">{say("budget")}</th>
            </tr>
          </thead>
          <tbody>
            {data?.items.map(({ name, about, up, figures, objective }) => (
              <tr key={name}>
                <th scope="row">
                  {name} <span className="soft">{known(say, name, about)}</span>
                </th>
                <td>
                  <Badge tone={up ? "good" : "bad"}>{say(up ? "up" : "down")}</Badge>
                </td>
                <td className="number">{whole(figures.requests)}</td>
                <td className="number">{milliseconds(figures.p50_ms)}</td>
                <td className="number">{milliseconds(figures.p95_ms)}</td>
                <td>
                  <Budget
                    used={figures.budget_used ?? null}
                    objective={objective}
                    label={`${say("budget")}, ${name}`}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <details className="small soft">
        <summary>{say("meaning")}</summary>
        <dl className="meanings">
          {COLUMNS.map(([figure, says]) => (
            <div key={figure}>
              <dt>{say(says)}</dt>
              <dd>{meanings[`{service}.${figure}`] ?? ""}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}

function known(say: Say, name: string, about: string): string {
  const found = word(say, "about", name);
  return found === name ? about : found;
}

function Budget({ used, objective, label }: { used: number | null; objective: number | null; label: string }) {
  if (objective === null) return null;
  const share = used ?? 0;
  return (
    <span className={`budget ${share > 1 ? "bad" : share > 0.5 ? "wait" : "good"}`}>
      <meter min={0} max={1} low={0.5} high={0.99} optimum={0} value={Math.min(share, 1)} aria-label={label} />
      <span className="numbers">
        {used === null ? "–" : shareOf(used)} / {(objective * 100).toFixed(2)} %
      </span>
    </span>
  );
}

export function Parked() {
  const { language, say } = useRoom();
  const { data, again } = useLoad("GET /api/control/events", undefined, language);
  useAgain(again, OFTEN_MS);
  const parked = data?.items.flatMap(({ service, parked }) => parked.map((event) => ({ ...event, service }))) ?? [];
  return (
    <section className="panel" aria-labelledby="parked">
      <h2 id="parked">{say("events")}</h2>
      {parked.length === 0 && <p className="soft">{say("noneParked")}</p>}
      <ul className="rows" aria-live="polite">
        {parked.map((event) => (
          <li key={event.service + event.id}>
            <p>
              <strong>{event.name}</strong> → {event.service} <Badge tone="bad">{event.reason}</Badge>
            </p>
            <p className="soft">
              {event.key} · {moment(event.happened, language)} · {say("attempts", { count: event.attempts })}
              {event.behind > 0 && ` · ${say("behind", { count: event.behind })}`}
            </p>
            <Act
              does={async () => {
                const path = { service: event.service, event_id: event.id };
                await call("POST /api/control/events/{service}/{event_id}/replay", { path });
                again();
              }}
            >
              {say("replay")}
            </Act>
          </li>
        ))}
      </ul>
      <details className="small soft">
        <summary>{say("meaning")}</summary>
        <p>{say("parkedMeaning")}</p>
      </details>
    </section>
  );
}

export function Books({ ledger }: { ledger: Loaded<LedgerState> }) {
  const { language, say } = useRoom();
  const next = useLoad("GET /api/control/settlement", undefined, language);
  const [ran, setRan] = useState<SettlementRun>();
  useAgain(next.again, SELDOM_MS);
  const agrees = ledger.data?.agrees;
  return (
    <section className="panel" aria-labelledby="books">
      <h2 id="books">{say("books")}</h2>
      {ledger.error && <Failure error={ledger.error} again={ledger.again} />}
      {ledger.data && (
        <ul className="rows">
          <li className={ledger.data.balanced ? "good" : "bad"}>
            {say(ledger.data.balanced ? "balanced" : "unbalanced")}
          </li>
          <li className={agrees === false ? "wait" : agrees ? "good" : ""}>
            {say(agrees === null ? "silent" : agrees ? "agree" : "disagree")}
          </li>
        </ul>
      )}
      <h3>{say("settlement")}</h3>
      {next.error && <Failure error={next.error} again={next.again} />}
      {next.data && (
        <p>{say("sellers", { count: next.data.sellers, date: moment(next.data.date, language, "day") })}</p>
      )}
      <Act
        does={async () => {
          setRan(await call("POST /api/control/settlement", { key: newKey() }));
          ledger.again();
          next.again();
        }}
      >
        {say("run")}
      </Act>
      <details className="small soft">
        <summary>{say("meaning")}</summary>
        <p>{say("settlementMeaning")}</p>
      </details>
      {ran && (
        <Notice tone="good" live>
          {say("ran", { paid: ran.paid, amount: rupees(ran.paid_paise), sending: ran.sending, carried: ran.carried })}
        </Notice>
      )}
    </section>
  );
}

export function Slowest() {
  const { language, say } = useRoom();
  const { data, again } = useLoad("GET /api/control/slowest", { query: { limit: 40 } }, language);
  const found = data?.items.filter(({ request }) => !request.includes(" /api/control/")).slice(0, 8);
  useAgain(again, SELDOM_MS);
  return (
    <section className="panel wide" aria-labelledby="slowest">
      <h2 id="slowest">{say("slowest")}</h2>
      {found?.length === 0 && <p className="soft">{say("noSlow")}</p>}
      {found?.map((each) => (
        <details key={each.id} className="slow">
          <summary>
            <span>{each.request}</span> <span className="soft">{moment(each.at, language, "time")}</span>
            <strong className="numbers">{milliseconds(each.took_ms)}</strong>
          </summary>
          <Steps of={each} />
        </details>
      ))}
      <details className="small soft">
        <summary>{say("meaning")}</summary>
        <p>{say("slowMeaning")}</p>
        <p>{say("stepMeaning")}</p>
      </details>
    </section>
  );
}

/** Steps as bars on one time axis; events that the request caused may follow after its end. */
function Steps({ of }: { of: SlowRequest }) {
  const { say } = useRoom();
  const end = Math.max(of.took_ms, ...of.steps.map((step) => step.began_ms + step.took_ms), 0.01);
  return (
    <ol className="steps">
      {of.steps.map((step, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the steps of a trace that is over do not change
        <li key={place}>
          <span className="step-name">
            {word(say, "step", step.kind)} <strong>{step.name}</strong>{" "}
            {step.error && <Badge tone="bad">{step.error}</Badge>}
          </span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect x="0" width="100" y="2.500" height="1" className="axis" />
            <rect
              x={(step.began_ms / end) * 100}
              width={Math.max((step.took_ms / end) * 100, 0.5)}
              y="0"
              height="6"
              className={step.error ? "bad" : step.kind}
            />
          </svg>
          <span className="numbers">{milliseconds(step.took_ms)}</span>
        </li>
      ))}
    </ol>
  );
}

/** A button that does something once at a time, and says why it did not. */
export function Act({
  does,
  kind = "second small",
  children,
}: {
  does: () => Promise<void>;
  kind?: string;
  children: string;
}) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  async function act() {
    setBusy(true);
    setWrong(undefined);
    try {
      await does();
    } catch (error) {
      setWrong(error instanceof Refused ? error.problem.title : String(error));
    }
    setBusy(false);
  }
  return (
    <>
      <Button kind={kind} busy={busy} onClick={act}>
        {children}
      </Button>
      {wrong && (
        <Notice tone="bad" live>
          {wrong}
        </Notice>
      )}
    </>
  );
}

export function whole(value: number | null | undefined): string {
  return value === null || value === undefined
    ? "–"
    : value < 10 && value % 1
      ? value.toFixed(1)
      : String(Math.round(value));
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0 ms";
  return value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${+(value * 100).toFixed(1)} %`;
}
