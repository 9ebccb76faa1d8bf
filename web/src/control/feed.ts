import { useEffect, useRef, useState } from "react";
import type { History, SampleOut } from "../api/schema";

const MOST = 900;

/** The figures of up to 15 minutes, oldest first; `at` in seconds since 1970. */
export interface Feed {
  at: number[];
  series: Record<string, (number | null)[]>;
}
export type Line = "begin" | "live" | "lost" | "closed";

const EMPTY: Feed = { at: [], series: {} };

/** The figures as they come, a new value each second. `closed`: we may not come in, or nobody is there. */
export function useFeed(): { feed: Feed; line: Line } {
  const [feed, setFeed] = useState(EMPTY);
  const [line, setLine] = useState<Line>("begin");
  const opened = useRef(false);

  useEffect(() => {
    const source = new EventSource("/api/control/stream");
    source.onopen = () => {
      opened.current = true;
      setLine("live");
    };
    source.onerror = () => setLine(source.readyState === EventSource.CLOSED && !opened.current ? "closed" : "lost");
    source.addEventListener("history", (event) => setFeed(whole(JSON.parse((event as MessageEvent<string>).data))));
    source.addEventListener("sample", (event) => {
      const sample: SampleOut = JSON.parse((event as MessageEvent<string>).data);
      setFeed((before) => longer(before, sample));
    });
    return () => source.close();
  }, []);
  return { feed, line };
}

/** The newest value of a series. */
export function latest(feed: Feed, name: string): number | null {
  return feed.series[name]?.at(-1) ?? null;
}

function whole(history: History): Feed {
  return { at: history.at.map(seconds), series: history.series };
}

function longer(before: Feed, sample: SampleOut): Feed {
  const names = new Set([...Object.keys(before.series), ...Object.keys(sample.values)]);
  const blank = before.at.map(() => null);
  const series = Object.fromEntries(
    [...names].map((name) => [name, [...(before.series[name] ?? blank), sample.values[name] ?? null].slice(-MOST)]),
  );
  return { at: [...before.at, seconds(sample.at)].slice(-MOST), series };
}

function seconds(moment: string): number {
  return Date.parse(moment) / 1000;
}
