import { useRef, useState } from "react";
import { call } from "../api/client";
import type { CaseDecision, LedgerCase } from "../api/schema";
import { moment, rupees } from "../money";
import { Button, Choice, Failure, Notice } from "../ui/ui";
import { useWork } from "../ui/work";
import { type Say, useRoom, word } from "./texts";

/** What a person has to look at: what it is, for whom, since when, what waiting costs. Each can be closed. */
export function Cases({ items, again }: { items: LedgerCase[]; again: () => void }) {
  const { language, say } = useRoom();
  const [closing, setClosing] = useState<LedgerCase>();
  const [closed, setClosed] = useState<string>();
  return (
    <section className="panel wide" aria-labelledby="cases">
      <h2 id="cases">{say("cases")}</h2>
      {closed && (
        <Notice tone="good" live>
          {closed}
        </Notice>
      )}
      {items.length === 0 && <p className="soft">{say("noCases")}</p>}
      <ul className="rows">
        {items.map((one) => (
          <li key={one.id} className={one.owed_paise > 0 ? "bad" : "wait"}>
            <p>
              <strong>{word(say, "kind", one.kind)}</strong>
              {one.amount_paise !== null && <span className="numbers"> {rupees(one.amount_paise)}</span>}
            </p>
            <p className="soft small">
              {say("caseOwner", { owner: word(say, "owner", one.owner) })} ·{" "}
              {say("caseAge", { age: age(one.opened, say) })} ·{" "}
              {one.put_right_by
                ? say("caseBy", { day: moment(one.put_right_by, language, "day") })
                : say("caseNoClock")}
              {one.owed_paise > 0 && ` · ${say("caseOwed", { amount: rupees(one.owed_paise) })}`}
            </p>
            <p className="soft small">
              <code>{one.about}</code>
            </p>
            <Button kind="second small" onClick={() => setClosing(one)}>
              {say("caseClose")} <span className="visually-hidden">{one.about}</span>
            </Button>
          </li>
        ))}
      </ul>
      {closing && (
        <Closing
          key={closing.id}
          of={closing}
          leave={(how) => {
            setClosing(undefined);
            if (!how) return;
            setClosed(say("caseClosed", { how: word(say, "end", how) }));
            again();
          }}
        />
      )}
    </section>
  );
}

function Closing({ of, leave }: { of: LedgerCase; leave: (how?: CaseDecision["resolution"]) => void }) {
  const { say } = useRoom();
  const [how, setHow] = useState(of.ends[0]);
  const [note, setNote] = useState("");
  const work = useWork();
  const shown = useRef(false);
  const needsNote = how !== "refund_again";
  return (
    <dialog
      className="closing"
      aria-labelledby="closing"
      ref={(dialog) => {
        if (!dialog || shown.current) return;
        shown.current = true;
        dialog.showModal();
      }}
      onClose={() => leave()}
    >
      <form
        className="stack"
        onSubmit={async (event) => {
          event.preventDefault();
          if (!how) return;
          const body = { resolution: how, note: note.trim() || null };
          const done = await work.run((key) =>
            call("POST /api/control/cases/{id}/close", { path: { id: of.id }, body, key }),
          );
          if (done) leave(how);
        }}
      >
        <h2 id="closing">{say("caseClosing")}</h2>
        <p>
          {word(say, "kind", of.kind)}
          {of.amount_paise !== null && `, ${rupees(of.amount_paise)}`}
        </p>
        <fieldset className="stack tight">
          <legend>{say("caseHow")}</legend>
          {of.ends.map((end) => (
            <Choice key={end} name="end" value={end} checked={end === how} onChange={() => setHow(end)}>
              {word(say, "end", end)}
            </Choice>
          ))}
        </fieldset>
        <div className="field">
          <label htmlFor="note">{say("caseNote")}</label>
          <textarea
            id="note"
            className="input"
            maxLength={1000}
            required={needsNote}
            value={note}
            aria-describedby="note-hint"
            onChange={(event) => setNote(event.target.value)}
          />
          <span className="hint" id="note-hint">
            {say(needsNote ? "caseForGood" : "caseNoteAgain")}
          </span>
        </div>
        {work.error && <Failure error={work.error} />}
        <div className="row">
          <Button type="submit" busy={work.busy}>
            {say("caseClose")}
          </Button>
          <Button kind="second" onClick={() => leave()}>
            {say("caseBack")}
          </Button>
        </div>
      </form>
    </dialog>
  );
}

function age(opened: string, say: Say): string {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(opened)) / 60_000));
  if (minutes < 120) return say("minutes", { count: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? say("hours", { count: hours }) : say("days", { count: Math.floor(hours / 24) });
}
