import { useMemo } from "react";
import { Link } from "wouter";
import { useLoad } from "../api/load";
import { useText } from "../i18n";
import { Languages, Theme } from "../shop/frame";
import { Badge, Notice } from "../ui/ui";
import { Chart, type Drawn } from "./chart";
import { useFeed } from "./feed";
import { Chaos, Crowd } from "./handles";
import { Books, milliseconds, Parked, percent, Services, Slowest, whole } from "./panels";
import { saying } from "./texts";
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
const MACHINE: Drawn[] = [{ name: "cpu", says: "cores", tone: "neel" }];

/** The room of the person on duty: the platform second by second, and handles that show a class what happens. */
export default function Control() {
  const { language } = useText();
  const say = saying(language);
  const { feed, line } = useFeed();
  const told = useLoad("GET /api/control/meanings", undefined, language);
  const meanings = useMemo(
    () => Object.fromEntries(told.data?.items.map(({ name, text }) => [name, text]) ?? []),
    [told.data],
  );
  const chart = { feed, meanings };
  return (
    <div className="control">
      <header className="control-head">
        <h1 tabIndex={-1}>{say("title")}</h1>
        <span role="status">
          <Badge tone={line === "live" ? "good" : "wait"}>{say(line === "closed" ? "lost" : line)}</Badge>
        </span>
        <nav>
          <Languages />
          <Theme />
          <Link href="/">{say("shop")}</Link>
        </nav>
      </header>
      {line === "closed" ? (
        <Notice tone="bad" live>
          {say("closed")}
        </Notice>
      ) : (
        <div className="panels">
          <aside className="handles">
            <Crowd />
            <Chaos />
          </aside>
          <div className="charts">
            <Chart title={say("orders")} lines={ORDERS} show={whole} {...chart} />
            <Chart title={say("payments")} lines={PAYMENTS} show={whole} {...chart} />
            <Chart title={say("success")} lines={SUCCESS} show={percent} top={1} {...chart} />
            <Chart title={say("latency")} lines={LATENCY} show={milliseconds} {...chart} />
            <Chart title={say("answers")} lines={ANSWERS} show={whole} {...chart} />
            <Chart title={say("waiting")} lines={EVENTS} show={whole} {...chart} />
            <Chart title={say("machine")} lines={MACHINE} show={whole} {...chart} />
            <Parked />
            <Books />
          </div>
          <Services meaning={meanings["{service}.budget_used"] ?? ""} />
          <Slowest />
        </div>
      )}
    </div>
  );
}
