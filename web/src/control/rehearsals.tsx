import { useState } from "react";
import { call, Refused } from "../api/client";
import { useLoad } from "../api/load";
import type { RehearsalWish } from "../api/schema";
import { Failure, Kolam } from "../ui/ui";
import { useWork } from "../ui/work";
import { Day, Events, How } from "./choose";
import { Head } from "./head";
import { useAgain } from "./panels";
import { Runs } from "./runs";
import { useRoom } from "./texts";
import "./control.css";
import "./rehearsals.css";

const BUSY_MS = 700;
const IDLE_MS = 10_000;
/** The days are still being read: a busy machine takes longer than a request may. */
const LATE_MS = 2000;
const FIRST: RehearsalWish = {
  event: "example",
  manifests: "example",
  strategy: "as-written",
  scale: 1,
  seed: 0,
  faults: [],
  quick: true,
};

/** Big days played through manifests: choose one, follow it, read what broke, compare. */
export default function Rehearsals() {
  const { language, say } = useRoom();
  const choices = useLoad("GET /api/control/rehearsal-choices", undefined, language);
  const late = choices.error instanceof Refused && choices.error.problem.status === 503;
  useAgain(choices.again, LATE_MS, late);
  const runs = useLoad("GET /api/control/rehearsals", undefined, language);
  const items = runs.data?.items ?? [];
  const busy = items.some(({ state }) => state === "running" || state === "waiting");
  useAgain(runs.again, busy ? BUSY_MS : IDLE_MS);
  const [wish, setWish] = useState(FIRST);
  const work = useWork();
  const event = choices.data?.events.find(({ name }) => name === wish.event) ?? choices.data?.events[0];
  const error = (late ? undefined : choices.error) ?? runs.error;

  return (
    <div className="control">
      <Head says="reTitle" at="/control/rehearsals" />
      <div className="rehearsals">
        <p className="lead">{say("reAbout")}</p>
        {error && (
          <Failure
            error={error}
            again={() => {
              choices.again();
              runs.again();
            }}
          />
        )}
        {(choices.waiting || late) && <Kolam>{say("reWait")}</Kolam>}
        {choices.data && event && (
          <>
            <div className="chosen">
              <Events
                events={choices.data.events}
                chosen={event.name}
                onChoose={(name) => {
                  const fits = choices.data?.events.find((each) => each.name === name)?.fits ?? [];
                  const kept = fits.includes(wish.manifests ?? "") ? wish.manifests : fits.at(-1);
                  setWish({ ...wish, event: name, manifests: kept ?? "example" });
                }}
              />
            </div>
            <div className="chosen">
              <Day event={event} />
              <How
                choices={choices.data}
                event={event}
                wish={wish}
                busy={work.busy}
                onWish={(part) => setWish({ ...wish, ...part })}
                onGo={() =>
                  work.run(async (key) => {
                    await call("POST /api/control/rehearsals", { body: { ...wish, language }, key });
                    runs.again();
                    document.getElementById("runs")?.focus();
                  })
                }
              />
              {work.error && <Failure error={work.error} />}
            </div>
          </>
        )}
        <Runs items={items} events={choices.data?.events ?? []} again={runs.again} />
      </div>
    </div>
  );
}
