import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Feed, latest } from "./feed";
import { type Say, useRoom } from "./texts";

export type Tone = "neel" | "neem" | "haldi" | "kumkum";
export interface Drawn {
  name: string;
  says: Parameters<Say>[0];
  tone: Tone;
}

/** A figure that stands beside the lines without one of its own. */
export interface Beside extends Omit<Drawn, "tone"> {
  show: (value: number | null) => string;
}

const HEIGHT = 150;

/** Lines over the last 15 minutes. The newest values stand beside them as text; what they mean stands below. */
export function Chart({
  title,
  lines,
  feed,
  show,
  meanings,
  top,
  beside = [],
}: {
  title: string;
  lines: Drawn[];
  feed: Feed;
  show: (value: number | null) => string;
  meanings: Record<string, string>;
  top?: number;
  beside?: readonly Beside[];
}) {
  const { say } = useRoom();
  return (
    <figure className="panel chart">
      <figcaption>
        <h2>{title}</h2>
        <ul className="legend">
          {lines.map(({ name, says, tone }) => (
            <li key={name} className={tone}>
              {say(says)} <strong className="numbers">{show(latest(feed, name))}</strong>
            </li>
          ))}
          {beside.map(({ name, says, show: own }) => (
            <li key={name} className="beside">
              {say(says)} <strong className="numbers">{own(latest(feed, name))}</strong>
            </li>
          ))}
        </ul>
      </figcaption>
      <Plot lines={lines} feed={feed} show={show} top={top} />
      <details>
        <summary>{say("meaning")}</summary>
        <dl>
          {[...lines, ...beside].map(({ name, says }) => (
            <div key={name}>
              <dt>{say(says)}</dt>
              <dd>{meanings[name] ?? ""}</dd>
            </div>
          ))}
        </dl>
      </details>
    </figure>
  );
}

function Plot({
  lines,
  feed,
  show,
  top,
}: {
  lines: Drawn[];
  feed: Feed;
  show: (value: number | null) => string;
  top: number | undefined;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const now = useRef(feed);
  now.current = feed;
  const shown = useRef(show);
  shown.current = show;
  const names = lines.map((line) => `${line.name} ${line.tone}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` stands for the lines; data is set below, each second.
  useEffect(() => {
    const room = place.current;
    if (!room) return;
    function draw() {
      if (!room) return;
      plot.current?.destroy();
      plot.current = new uPlot(
        options(room.clientWidth, lines, top, (value) => shown.current(value)),
        data(now.current, lines),
        room,
      );
    }
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: room.clientWidth, height: HEIGHT }));
    const looks = new MutationObserver(draw);
    const night = window.matchMedia("(prefers-color-scheme: dark)");
    draw();
    resized.observe(room);
    looks.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    night.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      looks.disconnect();
      night.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names, top]);

  useEffect(() => plot.current?.setData(data(feed, lines)), [feed, lines]);
  return <div ref={place} className="plot" aria-hidden="true" />;
}

function data(feed: Feed, lines: Drawn[]): uPlot.AlignedData {
  const blank = feed.at.map(() => null);
  return [feed.at, ...lines.map(({ name }) => feed.series[name] ?? blank)];
}

function options(
  width: number,
  lines: Drawn[],
  top: number | undefined,
  show: (value: number | null) => string,
): uPlot.Options {
  const ink = color("--ink-soft");
  const grid = { stroke: color("--line"), width: 1 };
  const axis = { stroke: ink, grid, ticks: grid, font: "12px 'Anek Latin', sans-serif" };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    tzDate: (moment) => uPlot.tzDate(new Date(moment * 1000), "Asia/Kolkata"),
    scales: { y: { range: (_plot, _low, high) => [0, top ?? Math.max(1, high * 1.1)] } },
    axes: [
      {
        ...axis,
        values: (_plot, ticks, _axis, _space, step) => ticks.map((tick) => clock(tick, step < 60)),
        space: 70,
        size: 28,
      },
      { ...axis, size: 54, values: (_plot, ticks) => ticks.map((tick) => show(tick)) },
    ],
    series: [
      {},
      ...lines.map(({ tone }) => ({ stroke: color(`--${tone}`), width: 2, points: { show: false }, spanGaps: false })),
    ],
  };
}

function clock(moment: number, exact: boolean): string {
  return new Date(moment * 1000).toLocaleTimeString("en-IN", {
    timeZone: "Asia/Kolkata",
    hour12: false,
    hour: "2-digit",
    minute: "2-digit",
    ...(exact && { second: "2-digit" }),
  });
}

/** A colour of the design system as the canvas wants it: light-dark() is resolved by the browser. */
function color(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
