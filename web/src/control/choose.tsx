import { type ReactNode, useId, useState } from "react";
import type { FaultKind, RehearsalChoice, RehearsalChoices, RehearsalWish } from "../api/schema";
import { moment } from "../money";
import { Button, Field, Notice } from "../ui/ui";
import { many } from "./figures";
import { type Say, useRoom, word } from "./texts";

/** Each big day with its curve; one is chosen. */
export function Events({
  events,
  chosen,
  onChoose,
}: {
  events: RehearsalChoice[];
  chosen: string;
  onChoose: (name: string) => void;
}) {
  const { language, say } = useRoom();
  return (
    <fieldset className="panel days">
      <legend>
        <h2>{say("reChoose")}</h2>
      </legend>
      <div className="day-list">
        {events.map((event) => (
          <label key={event.name} className="choice day">
            <input
              type="radio"
              name="event"
              value={event.name}
              checked={event.name === chosen}
              onChange={() => onChoose(event.name)}
            />
            <span className="day-words">
              <span className="strong">{event.title}</span>
              <span className="soft small">
                {moment(event.start, language, "date")} · {peakOf(event, say, language)}
              </span>
            </span>
            <Curve points={event.curve} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function peakOf(event: RehearsalChoice, say: Say, language: Parameters<typeof many>[1]): string {
  const values = { count: many(event.peak, language), what: word(say, "what", event.what), seconds: event.per_s };
  return say(event.per_s > 1 ? "rePer" : "rePeak", values);
}

function Curve({ points }: { points: number[] }) {
  const drawn = points.map((value, at) => `${at},${(20 - value * 18).toFixed(1)}`).join(" ");
  return (
    <svg
      className="curve"
      viewBox={`0 0 ${points.length - 1} 21`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <polygon points={`0,21 ${drawn} ${points.length - 1},21`} />
      <polyline points={drawn} />
    </svg>
  );
}

/** What is known of the chosen day, and how well. */
export function Day({ event }: { event: RehearsalChoice }) {
  const { language, say } = useRoom();
  const marks = Object.entries(event.marks);
  const all = marks.reduce((sum, [, count]) => sum + count, 0);
  return (
    <section className="panel" aria-labelledby="day">
      <h2 id="day">{event.title}</h2>
      <p lang="en">{event.text}</p>
      <p className="soft">
        {word(say, "family", event.family)} · {say("reLong", { hours: +(event.duration_s / 3600).toFixed(1) })} ·{" "}
        {peakOf(event, say, language)}
        {event.stress && ` · ${say("reStress", { stress: event.stress })}`}
      </p>
      <figure className="day-curve">
        <Curve points={event.curve} />
        <figcaption className="soft small">{say("reCurve")}</figcaption>
      </figure>
      <h3>{say("reMarks")}</h3>
      <ul className="marks">
        {marks.map(([mark, count]) => (
          <li key={mark}>
            <span>{word(say, "mark", mark)}</span>
            <meter min={0} max={all} value={count} aria-label={word(say, "mark", mark)} />
            <span className="numbers">{count}</span>
          </li>
        ))}
      </ul>
      <details>
        <summary>
          {say("reSources")} ({event.sources.length})
        </summary>
        {event.sources.length === 0 && <p className="soft">{say("reNoSources")}</p>}
        <ul className="sources">
          {event.sources.map(({ name, url }) => (
            <li key={name}>
              <a href={url} rel="noreferrer noopener" target="_blank">
                {name} <span className="visually-hidden">{say("reNewTab")}</span>
              </a>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

/** How the chosen day shall be played. */
export function How({
  choices,
  event,
  wish,
  onWish,
  onGo,
  busy,
}: {
  choices: RehearsalChoices;
  event: RehearsalChoice;
  wish: RehearsalWish;
  onWish: (part: Partial<RehearsalWish>) => void;
  onGo: () => void;
  busy: boolean;
}) {
  const { say } = useRoom();
  const able = event.fits.length > 0;
  const scale = wish.scale ?? 1;
  return (
    <form
      className="panel"
      aria-labelledby="how"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        if (able) onGo();
      }}
    >
      <h2 id="how">{say("reHow")}</h2>
      {able ? (
        <Select says={say("reManifests")} value={wish.manifests ?? ""} onChange={(manifests) => onWish({ manifests })}>
          {event.fits.map((name) => (
            <option key={name} value={name}>
              {name === "example" ? say("reExample") : name}
            </option>
          ))}
        </Select>
      ) : (
        <Notice tone="wait">{say("reFitsNone")}</Notice>
      )}
      <Select says={say("reStrategy")} value={wish.strategy ?? ""} onChange={(strategy) => onWish({ strategy })}>
        {choices.strategies.map((name) => (
          <option key={name} value={name}>
            {word(say, "strategy", name)}
          </option>
        ))}
      </Select>
      <div className="two">
        <Field
          label={say("reScale")}
          type="number"
          min={0.01}
          max={1000}
          step="any"
          required
          defaultValue={scale}
          onChange={(changed) => changed.target.validity.valid && onWish({ scale: changed.target.valueAsNumber })}
        />
        <Field
          label={say("reSeed")}
          type="number"
          min={0}
          max={2 ** 31}
          step={1}
          required
          defaultValue={wish.seed ?? 0}
          onChange={(changed) => changed.target.validity.valid && onWish({ seed: changed.target.valueAsNumber })}
        />
      </div>
      <Faults kinds={choices.faults} chosen={wish.faults ?? []} onChange={(faults) => onWish({ faults })} say={say} />
      <label className="check">
        <input
          type="checkbox"
          checked={wish.quick ?? true}
          onChange={(changed) => onWish({ quick: changed.target.checked })}
        />
        <span>{say("reQuick")}</span>
      </label>
      <Button type="submit" busy={busy} disabled={!able}>
        {say("reGo")}
      </Button>
      <p className="soft">{say("reQueue")}</p>
    </form>
  );
}

const MOST_FAULTS = 5;

function Faults({
  kinds,
  chosen,
  onChange,
  say,
}: {
  kinds: FaultKind[];
  chosen: string[];
  onChange: (faults: string[]) => void;
  say: Say;
}) {
  const [kind, setKind] = useState(kinds[0]);
  const [text, setText] = useState(kinds[0]?.example ?? "");
  return (
    <fieldset className="faults">
      <legend>{say("reFaults")}</legend>
      {chosen.length === 0 && <p className="soft">{say("reFaultNone")}</p>}
      <ul>
        {chosen.map((fault) => (
          <li key={fault}>
            <code>{fault}</code>
            <Button
              kind="second small"
              aria-label={say("reFaultDrop", { what: fault })}
              onClick={() => onChange(chosen.filter((other) => other !== fault))}
            >
              ×
            </Button>
          </li>
        ))}
      </ul>
      <Select
        says={say("reFaultKind")}
        value={kind?.name ?? ""}
        onChange={(name) => {
          const found = kinds.find((each) => each.name === name);
          setKind(found);
          setText(found?.example ?? "");
        }}
      >
        {kinds.map(({ name }) => (
          <option key={name} value={name}>
            {word(say, "fault", name)}
          </option>
        ))}
      </Select>
      <Field
        label={say("reFaultText")}
        hint={kind?.does ?? ""}
        maxLength={100}
        spellCheck={false}
        value={text}
        onChange={(changed) => setText(changed.target.value)}
      />
      <Button
        kind="second small"
        disabled={!text.trim() || chosen.includes(text.trim()) || chosen.length >= MOST_FAULTS}
        onClick={() => onChange([...chosen, text.trim()])}
      >
        {say("reFaultAdd")}
      </Button>
    </fieldset>
  );
}

function Select({
  says,
  value,
  onChange,
  children,
}: {
  says: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{says}</label>
      <select id={id} className="input" value={value} onChange={(changed) => onChange(changed.target.value)}>
        {children}
      </select>
    </div>
  );
}
