import { useState } from "react";
import { call } from "../api/client";
import type { Rehearsal, RehearsalChoice, Sums } from "../api/schema";
import { moment, rupees } from "../money";
import { Badge, Empty, Notice } from "../ui/ui";
import { many, share } from "./figures";
import { Act } from "./panels";
import { type Say, useRoom, word } from "./texts";

const TONES = {
  waiting: "plain",
  running: "wait",
  held: "good",
  broke: "bad",
  not_run: "bad",
  stopped: "plain",
} as const;
const SAYS = {
  waiting: "reWaiting",
  running: "reRunning",
  held: "reHeld",
  broke: "reBroke",
  not_run: "reNotRun",
  stopped: "reStopped",
} as const;

/** The rehearsals played here, the newest first; two that were ticked stand side by side below. */
export function Runs({ items, events, again }: { items: Rehearsal[]; events: RehearsalChoice[]; again: () => void }) {
  const { language, say } = useRoom();
  const [ticked, setTicked] = useState<string[]>([]);
  const played = items.filter((run) => run.sums);
  const pair = played.filter((run) => ticked.includes(run.id)).slice(0, 2);
  const title = (run: Rehearsal) => events.find(({ name }) => name === run.wish.event)?.title ?? run.wish.event ?? "";
  const newest = items.find(({ state }) => state !== "waiting");
  return (
    <section className="panel" aria-labelledby="runs">
      <h2 id="runs" tabIndex={-1}>
        {say("reRuns")}
      </h2>
      <p className="visually-hidden" role="status">
        {newest && `${title(newest)}: ${say(SAYS[newest.state], { count: newest.before })}`}
      </p>
      {items.length === 0 && <Empty title={say("reNone")} />}
      <ol className="runs">
        {items.map((run) => (
          <li key={run.id} data-state={run.state}>
            <h3>
              {title(run)} <Badge tone={TONES[run.state]}>{say(SAYS[run.state], { count: run.before })}</Badge>
            </h3>
            <p className="soft small">
              {moment(run.asked, language, "time")} · {how(run, say)}
            </p>
            {run.state === "running" && <HowFar run={run} say={say} />}
            {run.problem && (
              <Notice tone="bad">
                <pre lang="en">{run.problem}</pre>
              </Notice>
            )}
            {run.sums && <Outcome sums={run.sums} held={run.state === "held"} say={say} />}
            <div className="row">
              {run.sums && (
                <>
                  <a
                    className="button second small"
                    href={`/api/control/rehearsals/${run.id}/report`}
                    target="_blank"
                    rel="noopener"
                  >
                    {say("reReport")} <span className="visually-hidden">{say("reNewTab")}</span>
                  </a>
                  <label className="check">
                    <input
                      type="checkbox"
                      checked={ticked.includes(run.id)}
                      onChange={(changed) =>
                        setTicked((before) =>
                          changed.target.checked ? [...before, run.id].slice(-2) : before.filter((id) => id !== run.id),
                        )
                      }
                    />
                    <span>{say("reCompare")}</span>
                  </label>
                </>
              )}
              {(run.state === "running" || run.state === "waiting") && (
                <Act
                  kind="no small"
                  does={async () => {
                    await call("DELETE /api/control/rehearsals/{id}", { path: { id: run.id } });
                    again();
                  }}
                >
                  {say("reStop")}
                </Act>
              )}
            </div>
          </li>
        ))}
      </ol>
      {played.length > 1 && pair.length < 2 && <p className="soft">{say("reCompareHow")}</p>}
      {pair.length === 2 && <Compared pair={pair as [Rehearsal, Rehearsal]} title={title} />}
      {played.length > 0 && (
        <details className="small">
          <summary>{say("reMeaning")}</summary>
          <dl className="meanings">
            {(["Budget", "Lost", "Cost", "Crowd"] as const).map((name) => (
              <div key={name}>
                <dt>{say(`re${name}`)}</dt>
                <dd>{say(`reMean${name}`)}</dd>
              </div>
            ))}
          </dl>
          {say("reEnglish") && <p>{say("reEnglish")}</p>}
        </details>
      )}
    </section>
  );
}

function how({ wish }: Rehearsal, say: Say): string {
  return [
    wish.manifests === "example" ? say("reExample") : wish.manifests,
    `× ${wish.scale}`,
    word(say, "strategy", wish.strategy ?? "").split(":")[0],
    ...(wish.faults ?? []),
    say(wish.quick ? "reFast" : "reFull"),
    ...(wish.seed ? [say("reWithSeed", { seed: wish.seed })] : []),
  ].join(" · ");
}

function HowFar({ run, say }: { run: Rehearsal; say: Say }) {
  const far = run.progress;
  if (!far) return <p>{say("reBegin")}</p>;
  const step = say(far.share >= 1 ? "reWriting" : far.step.startsWith("rehearsing") ? "rePlaying" : "reLooking");
  return (
    <div className="how-far">
      <span>{step}</span>
      <progress max={1} value={far.share} aria-label={step} />
      <span className="numbers soft">
        {Math.round(far.share * 100)} %
        {far.left_s !== null && far.share < 1 && ` · ${say("reLeft", { left: Math.ceil(far.left_s) })}`}
      </span>
    </div>
  );
}

function Outcome({ sums, held, say }: { sums: Sums; held: boolean; say: Say }) {
  const { language } = useRoom();
  const first = sums.broke[0];
  return (
    <>
      <dl className="sums">
        {figures(sums, say, language).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="numbers">{value}</dd>
          </div>
        ))}
      </dl>
      {first && (
        <div className={held ? "broke wait" : "broke bad"}>
          {held && <p className="soft">{say("reWithin")}</p>}
          <p className="strong">{say("reAt", { time: moment(first.at, language, "time"), service: first.service })}</p>
          {first.says.map((sentence) => (
            <p key={sentence} lang="en">
              {sentence}
            </p>
          ))}
          {first.field && (
            <p>
              <code>{first.field}</code>
            </p>
          )}
        </div>
      )}
      {!held && (
        <div className="mend">
          {sums.mends.length === 0 ? (
            <p>{say("reMendNone")}</p>
          ) : (
            <>
              <p>{say(sums.mended ? "reMend" : "reMendNot", { more: rupees(sums.more_paise) })}</p>
              {sums.mends.map((change) => (
                <p key={change.field}>
                  <code>{say("reBecomes", { ...change })}</code>
                </p>
              ))}
            </>
          )}
        </div>
      )}
    </>
  );
}

function figures(sums: Sums, say: Say, language: Parameters<typeof many>[1]): [string, string][] {
  return [
    [say("reBudget"), share(sums.budget_used)],
    [say("reLost"), many(sums.lost, language)],
    [say("reCost"), rupees(sums.cost_paise)],
    [say("reCrowd"), `${many(sums.peak, language)} ${word(say, "what", sums.what)}`],
  ];
}

/** Two rehearsals line by line; what differs says so. */
function Compared({ pair, title }: { pair: [Rehearsal, Rehearsal]; title: (run: Rehearsal) => string }) {
  const { language, say } = useRoom();
  const lines = pair.map((run): [string, string][] => {
    const first = run.sums?.broke[0];
    return [
      [say("reHow"), how(run, say)],
      [say("reOutcome"), say(SAYS[run.state])],
      ...(run.sums ? figures(run.sums, say, language) : []),
      [say("reFirst"), first ? say("reAt", { time: moment(first.at, language, "time"), service: first.service }) : "–"],
    ];
  });
  const [left, right] = lines as [[string, string][], [string, string][]];
  return (
    <section aria-labelledby="compared">
      <h3 id="compared">{say("reCompareTwo")}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <div className="scroll" tabIndex={0}>
        <table className="compared">
          <thead>
            <tr>
              <th scope="col">{say("reWhat")}</th>
              {pair.map((run) => (
                <th scope="col" key={run.id}>
                  {title(run)} <span className="soft">{moment(run.asked, language, "time")}</span>
                </th>
              ))}
              <th scope="col">
                {say("reSame")} / {say("reDiffers")}
              </th>
            </tr>
          </thead>
          <tbody>
            {left.map(([name, value], at) => {
              const other = right[at]?.[1] ?? "";
              return (
                <tr key={name} className={value === other ? "" : "differs"}>
                  <th scope="row">{name}</th>
                  <td>{value}</td>
                  <td>{other}</td>
                  <td>{say(value === other ? "reSame" : "reDiffers")}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
