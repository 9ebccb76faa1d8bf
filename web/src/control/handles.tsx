import { useEffect, useId, useState } from "react";
import { call } from "../api/client";
import { useLoad } from "../api/load";
import type { CrowdState, Chaos as Plan } from "../api/schema";
import { useText } from "../i18n";
import { Act, milliseconds, whole } from "./panels";
import { type Say, saying } from "./texts";

const SHARES = { drop_after_debit: "drop", lie: "lie", answer_twice: "twice", decline: "decline" } as const;
const CROWD_MS = 1000;
/** Steps of the crowd's slider: fine where few make a difference, coarse where many do. */
const CROWDS = [0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 1000];

/** What goes wrong at the simulated gateway, one slider for each fault. */
export function Chaos() {
  const { language } = useText();
  const say = saying(language);
  const { data, error, put } = useLoad("GET /api/control/chaos", undefined, language);
  const [wish, setWish] = useState<Plan>();
  const plan = wish ?? data;

  useEffect(() => {
    if (!wish) return;
    const soon = setTimeout(async () => put(await call("PUT /api/control/chaos", { body: wish })), 200);
    return () => clearTimeout(soon);
  }, [wish, put]);

  if (error || !plan) return null;
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
    </section>
  );
}

/** How many virtual shoppers there are, and what they get by their own measure. */
export function Crowd() {
  const { language } = useText();
  const say = saying(language);
  const { data, again, put } = useLoad("GET /api/control/crowd", undefined, language);
  const [wish, setWish] = useState<{ shoppers: number; think_s: number }>();

  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && again(), CROWD_MS);
    return () => clearInterval(timer);
  }, [again]);
  useEffect(() => {
    if (!wish) return;
    const soon = setTimeout(async () => put(await call("PUT /api/control/crowd", { body: wish })), 250);
    return () => clearTimeout(soon);
  }, [wish, put]);

  if (!data) return null;
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
    </section>
  );
}

function Measured({ of, say }: { of: CrowdState; say: Say }) {
  const wrong = Object.entries(of.errors).map(([code, count]) => `${code} ${count}`);
  return (
    <>
      <p>
        {say("bought", {
          orders: whole(of.orders_per_s),
          requests: whole(of.requests_per_s),
          half: whole(of.purchase_ms.p50),
          most: whole(of.purchase_ms.p95),
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
