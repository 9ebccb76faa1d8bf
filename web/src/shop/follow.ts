import { useEffect, useState } from "react";
import { call, NoAnswer, Refused } from "../api/client";
import { useLoad } from "../api/load";
import type { OrderOut } from "../api/schema";

/** How we hear of an order: `live` as it happens, `lost` and being looked for, `over` when nothing more can happen. */
export type Line = "begin" | "live" | "lost" | "over";
const AGAIN_MS = 2000;

/**
 * An order, as it is now and as it becomes. The browser's EventSource comes again by itself and says what it saw last; where it
 * gives up we ask once, and begin anew unless the order has ended. An older version never replaces a newer one.
 */
export function useOrder(id: string, language: string) {
  const first = useLoad("GET /api/orders/orders/{order_id}", { path: { order_id: id } }, language);
  const [line, setLine] = useState<Line>("begin");
  const { put } = first;
  const known = first.data !== undefined;

  useEffect(() => {
    if (!known) return;
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let newest = 0;
    let done = false;

    function end() {
      done = true;
      source?.close();
      setLine("over");
    }
    function take(order: OrderOut) {
      if (order.version < newest) return;
      newest = order.version;
      put(order);
      if (isOver(order)) end();
    }
    function listen() {
      if (done) return;
      source = new EventSource(`/api/orders/orders/${encodeURIComponent(id)}/stream`);
      source.onopen = () => setLine("live");
      source.addEventListener("order", (event) => take(JSON.parse((event as MessageEvent<string>).data) as OrderOut));
      source.onerror = () => {
        if (source?.readyState === EventSource.CLOSED) look();
        else setLine("lost");
      };
    }
    async function look() {
      try {
        const order = await call("GET /api/orders/orders/{order_id}", { path: { order_id: id } });
        take(order);
      } catch (error) {
        if (error instanceof Refused && error.problem.status < 500) return end();
        if (!(error instanceof Refused || error instanceof NoAnswer)) throw error;
      }
      if (done) return;
      setLine("lost");
      timer = setTimeout(listen, AGAIN_MS);
    }
    function awake() {
      if (done || !source || source.readyState === EventSource.OPEN) return;
      source.close();
      clearTimeout(timer);
      listen();
    }
    listen();
    window.addEventListener("online", awake);
    return () => {
      done = true;
      source?.close();
      clearTimeout(timer);
      window.removeEventListener("online", awake);
    };
  }, [id, known, put]);
  return { ...first, line };
}

/** As `rules.is_over` has it: a refund that was refused may be tried once more, then the later one counts. */
function isOver(order: OrderOut): boolean {
  const latest = new Map(order.refunds.map((each) => [`${each.return_id} ${each.amount_paise}`, each.state]));
  return (
    (order.state === "cancelled" || order.state === "returned") &&
    [...latest.values()].every((state) => state === "processed")
  );
}
