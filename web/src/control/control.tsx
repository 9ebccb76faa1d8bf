import { useMemo } from "react";
import { useLoad } from "../api/load";
import { Badge, Notice } from "../ui/ui";
import { Cases } from "./cases";
import { type Beside, Chart, type Drawn } from "./chart";
import { latest, useFeed } from "./feed";
import { Chaos, Crowd } from "./handles";
import { Head } from "./head";
import { Books, milliseconds, Parked, percent, Services, Slowest, useAgain, whole } from "./panels";
import { useRoom } from "./texts";
import "./control.css";

const ORDERS: Drawn[] = [
  { name: "orders_placed", says: "placed", tone: "neel" },
  { name: "orders_confirmed", says: "confirmed", tone: "neem" },
  { name: "orders_cancelled", says: "cancelled", tone: "kumkum" },
];
const PAYMENTS: Drawn[] = [
  { name: "payments_captured", says: "captured", tone: "neem" },
  { name: "payments_failed", says: "failed", tone: "kumkum" },
];
const METHODS: Drawn[] = [
  { name: "captured_upi", says: "byUpi", tone: "neem" },
  { name: "captured_card", says: "byCard", tone: "neel" },
  { name: "captured_netbanking", says: "byBank", tone: "haldi" },
  { name: "captured_wallet", says: "byWallet", tone: "kumkum" },
];
const SUCCESS: Drawn[] = [{ name: "success_rate", says: "success", tone: "neem" }];
const LATENCY: Drawn[] = [
  { name: "p50_ms", says: "half", tone: "neem" },
  { name: "p95_ms", says: "most", tone: "haldi" },
  { name: "p99_ms", says: "worst", tone: "kumkum" },
];
const ANSWERS: Drawn[] = [
  { name: "requests", says: "answered", tone: "neel" },
  { name: "errors", says: "errors", tone: "kumkum" },
];
const EVENTS: Drawn[] = [
  { name: "events_to_send", says: "toSend", tone: "neel" },
  { name: "events_waiting", says: "toHandle", tone: "haldi" },
  { name: "events_parked", says: "parked", tone: "kumkum" },
];
const BESIDE: Beside[] = [
  { name: "memory_mib", says: "memory", show: (value) => (value === null ? "–" : `${Math.round(value)} MiB`) },
  { name: "streams", says: "streams", show: whole },
  { name: "units", says: "units", show: whole },
  { name: "commits", says: "commits", show: whole },
];
const LEDGER_MS = 5000;
const MACHINE: Drawn[] = [{ name: "cpu", says: "cores", tone: "neel" }];

function hundredth(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}

/** The room of the person on duty: the platform second by second, and handles that show a class what happens. */
export default function Control() {
  const { language, say } = useRoom();
  const { feed, line } = useFeed();
  const told = useLoad("GET /api/control/meanings", undefined, language);
  const meanings = useMemo(
    () => Object.fromEntries(told.data?.items.map(({ name, text }) => [name, text]) ?? []),
    [told.data],
  );
  const ledger = useLoad("GET /api/control/ledger", undefined, language);
  useAgain(ledger.again, LEDGER_MS);
  const chart = { feed, meanings };
  return (
    <div className="control">
      <Head says="title" at="/control">
        <span role="status">
          <Badge tone={line === "live" ? "good" : "wait"}>{say(line === "closed" ? "lost" : line)}</Badge>
        </span>
      </Head>
      {line === "closed" ? (
        <Notice tone="bad" live>
          {say("closed")}
        </Notice>
      ) : (
        <div className="panels">
          <aside className="handles">
            <Crowd cpu={latest(feed, "cpu")} />
            <Chaos />
          </aside>
          <div className="charts">
            <Chart title={say("orders")} lines={ORDERS} show={whole} {...chart} />
            <Chart title={say("payments")} lines={PAYMENTS} show={whole} {...chart} />
            <Chart title={say("byMethod")} lines={METHODS} show={whole} {...chart} />
            <Chart title={say("success")} lines={SUCCESS} show={percent} top={1} {...chart} />
            <Chart title={say("latency")} lines={LATENCY} show={milliseconds} {...chart} />
            <Chart title={say("answers")} lines={ANSWERS} show={whole} {...chart} />
            <Chart title={say("waiting")} lines={EVENTS} show={whole} {...chart} />
            <Chart title={say("machine")} lines={MACHINE} show={hundredth} beside={BESIDE} {...chart} />
            <Parked />
            <Books ledger={ledger} />
          </div>
          <Cases items={ledger.data?.cases ?? []} again={ledger.again} />
          <Services meanings={meanings} />
          <Slowest />
        </div>
      )}
    </div>
  );
}
