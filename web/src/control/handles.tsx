import { useEffect, useId, useRef, useState } from "react";
import { call, NoAnswer, Refused } from "../api/client";
import { useLoad } from "../api/load";
import type { CrowdState, Chaos as Plan } from "../api/schema";
import { Failure, Notice } from "../ui/ui";
import { Act, milliseconds, useAgain, whole } from "./panels";
import { type Say, useRoom } from "./texts";

const SHARES = {
  drop_after_debit: "drop",
  lie: "lie",
  answer_twice: "twice",
  decline: "decline",
  refuse_refunds: "refuse",
  deemed: "deemed",
  deemed_reversed: "reversed",
} as const;
const CROWD_MS = 1000;
const REST_MS = 200;
/** Of one core: a Python process that uses this much has no more to give. */
const FULL = 0.9;
/** Steps of the crowd's slider: fine where few make a difference, coarse where many do. */
const CROWDS = [0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 1000];

/** What goes wrong at the simulated gateway, one slider for each fault. */
export function Chaos() {
  const { language, say } = useRoom();
  const { data, error, put, again } = useLoad("GET /api/control/chaos", undefined, language);
  const [wish, setWish, failed] = useWish<Plan>(async (plan) =>
    put(await call("PUT /api/control/chaos", { body: plan })),
  );
  const plan = wish ?? data;

  if (!plan) return error ? <Failure error={error} again={again} /> : null;
  const change = (part: Plan) => setWish({ ...plan, ...part });
  return (
    <section className="panel" aria-labelledby="chaos">
      <h2 id="chaos">{say("chaos")}</h2>
      <p className="soft">{say("chaosNote")}</p>
      <Slider
        says={say("slow")}
        value={plan.slow_ms ?? 0}
        most={5000}
        step={100}
        show={milliseconds}
        onChange={(slow_ms) => change({ slow_ms })}
      />
      {Object.entries(SHARES).map(([name, key]) => (
        <Slider
          key={name}
          says={say(key)}
          value={(plan[name as keyof typeof SHARES] ?? 0) * 100}
          most={100}
          step={5}
          show={(value) => `${Math.round(value)} %`}
          onChange={(value) => change({ [name]: value / 100 })}
        />
      ))}
      <BankDown down={plan.banks_down ?? []} choose={(banks_down) => change({ banks_down })} say={say} />
      <label className="check">
        <input
          type="checkbox"
          checked={plan.down ?? false}
          onChange={(event) => change({ down: event.target.checked })}
        />
        <span>{say("dead")}</span>
      </label>
      <Act
        kind="yes small"
        does={async () => {
          setWish(undefined);
          put(await call("DELETE /api/control/chaos"));
        }}
      >
        {say("calm")}
      </Act>
      {failed && <Failure error={failed} />}
    </section>
  );
}

/** One bank or wallet that nobody reaches. The API takes several. */
function BankDown({ down, choose, say }: { down: string[]; choose: (down: string[]) => void; say: Say }) {
  const { language } = useRoom();
  const { data } = useLoad("GET /api/payments/methods", undefined, language);
  return (
    <div className="field">
      <label htmlFor="bank-down">{say("bankDown")}</label>
      <select
        id="bank-down"
        className="input"
        value={down[0] ?? ""}
        onChange={(event) => choose(event.target.value ? [event.target.value] : [])}
      >
        <option value="">{say("noBank")}</option>
        {[...(data?.wallet ?? []), ...(data?.netbanking ?? [])].map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** How many virtual shoppers there are, and what they get by their own measure. */
export function Crowd({ cpu }: { cpu: number | null }) {
  const { language, say } = useRoom();
  const { data, error, again, put } = useLoad("GET /api/control/crowd", undefined, language);
  const [wish, setWish, failed] = useWish<{ shoppers: number; think_s: number }>(async (crowd) =>
    put(await call("PUT /api/control/crowd", { body: crowd })),
  );
  useAgain(again, CROWD_MS);

  if (!data) return error ? <Failure error={error} again={again} /> : null;
  const now = wish ?? { shoppers: data.wanted, think_s: data.think_s };
  return (
    <section className="panel" aria-labelledby="crowd">
      <h2 id="crowd">{say("crowd")}</h2>
      <p className="soft">{say("crowdNote")}</p>
      <Slider
        says={say("shoppers")}
        value={place(now.shoppers)}
        most={CROWDS.length - 1}
        step={1}
        show={(at) => String(CROWDS[at] ?? 0)}
        onChange={(at) => setWish({ ...now, shoppers: CROWDS[at] ?? 0 })}
      />
      <Slider
        says={say("think")}
        value={now.think_s}
        most={10}
        step={0.5}
        show={String}
        onChange={(think_s) => setWish({ ...now, think_s })}
      />
      {data.running && <Measured of={data} say={say} />}
      {data.running && cpu !== null && cpu >= FULL && (
        <Notice tone="wait">{say("full", { cores: cpu.toFixed(2) })}</Notice>
      )}
      <Act
        kind="no small"
        does={async () => {
          setWish(undefined);
          await call("DELETE /api/control/crowd");
          again();
        }}
      >
        {say("home")}
      </Act>
      {failed && <Failure error={failed} />}
      <details className="small soft">
        <summary>{say("meaning")}</summary>
        <p>{say("crowdMeaning")}</p>
      </details>
    </section>
  );
}

/** What a slider asks for is sent once the hand rests; when that fails, why. */
function useWish<T>(send: (wish: T) => Promise<void>) {
  const [wish, setWish] = useState<T>();
  const [failed, setFailed] = useState<Refused | NoAnswer>();
  const sending = useRef(send);
  sending.current = send;
  useEffect(() => {
    if (wish === undefined) return;
    const soon = setTimeout(
      () =>
        sending.current(wish).then(
          () => setFailed(undefined),
          (error: unknown) => {
            if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
            setFailed(error);
          },
        ),
      REST_MS,
    );
    return () => clearTimeout(soon);
  }, [wish]);
  return [wish, setWish, failed] as const;
}

function Measured({ of, say }: { of: CrowdState; say: Say }) {
  const wrong = Object.entries(of.errors).map(([code, count]) => `${code} ${count}`);
  return (
    <>
      <p>
        {say(of.purchase_ms.p50 === null ? "boughtNone" : "bought", {
          orders: whole(of.orders_per_s),
          requests: whole(of.requests_per_s),
          half: milliseconds(of.purchase_ms.p50),
          most: milliseconds(of.purchase_ms.p95),
        })}
      </p>
      {wrong.length > 0 && <p className="wait">{say("wrong", { what: wrong.join(", ") })}</p>}
    </>
  );
}

function place(shoppers: number): number {
  const at = CROWDS.findIndex((count) => count >= shoppers);
  return at < 0 ? CROWDS.length - 1 : at;
}

function Slider({
  says,
  value,
  most,
  step,
  show,
  onChange,
}: {
  says: string;
  value: number;
  most: number;
  step: number;
  show: (value: number) => string;
  onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div className="slider">
      <label htmlFor={id}>{says}</label>
      <output htmlFor={id} className="numbers">
        {show(value)}
      </output>
      <input
        id={id}
        type="range"
        min={0}
        max={most}
        step={step}
        value={value}
        aria-valuetext={show(value)}
        onChange={(event) => onChange(Number(event.target.value))}
      />
    </div>
  );
}
