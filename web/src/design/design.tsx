import { type ReactNode, useState } from "react";
import { Art, SHELVES } from "../art/art";
import { MOTIFS } from "../art/motifs";
import { type Key, useText } from "../i18n";
import { LANGUAGES, NAMES } from "../i18n/languages";
import { rupees } from "../money";
import { ICONS, Icon } from "../ui/icon";
import { Badge, Bones, Button, Choice, Count, Empty, Field, Kolam, Notice, Price, Stars, Title } from "../ui/ui";
import "./design.css";

const COLOURS: readonly [string, string, Key][] = [
  ["neel", "नील", "design.neel"],
  ["haldi", "हल्दी", "design.haldi"],
  ["neem", "नीम", "design.neem"],
  ["kumkum", "कुंकुम", "design.kumkum"],
];
const PAPERS = ["paper", "card", "sunk", "line", "line-strong", "ink-soft", "ink"];
const SIZES = ["display", "title", "lead", "text", "small"];
const SPACES = [1, 2, 3, 4, 5, 6, 7];
const LINES: Record<(typeof LANGUAGES)[number], string> = {
  en: "Meena buys rice at the fair for ₹1,23,456.50.",
  hi: "मीना ने मेले में ₹1,23,456.50 का चावल ख़रीदा; क्षण भर में रसीद मिली।",
  ta: "மீனா மேளாவில் ₹1,23,456.50-க்கு அரிசி வாங்கினாள்.",
  te: "మీనా మేళాలో ₹1,23,456.50కి బియ్యం కొన్నది; వెంటనే రసీదు వచ్చింది.",
  kn: "ಮೀನಾ ಮೇಳದಲ್ಲಿ ₹1,23,456.50ಕ್ಕೆ ಅಕ್ಕಿ ಕೊಂಡಳು; ಕೂಡಲೇ ರಸೀದಿ ಬಂತು.",
};

/** The design system, shown by itself: what each part is, and what it is for. */
export default function DesignPage() {
  const { t } = useText();
  const [pieces, setPieces] = useState(2);
  const [picked, setPicked] = useState("a");
  return (
    <div className="stack loose">
      <div className="stack tight">
        <Title plain={t("foot.design")}>{t("foot.design")}</Title>
        <p className="lead">{t("design.lead")}</p>
      </div>
      <Part title={t("design.colour")} about={t("design.colour.what")}>
        <div className="swatches">
          {COLOURS.map(([name, own, meaning]) => (
            <div key={name} className="card stack tight">
              <div className="swatch" style={{ background: `var(--${name})` }} />
              <p className="strong">
                <span lang="hi">{own}</span> · {name}
              </p>
              <p className="small">{t(meaning)}</p>
              <div className="row">
                <span className="chip" style={{ background: `var(--${name}-soft)` }}>
                  {name}-soft
                </span>
              </div>
            </div>
          ))}
        </div>
        <div className="papers">
          {PAPERS.map((name) => (
            <div key={name} className="small">
              <div className="swatch low" style={{ background: `var(--${name})` }} />
              {name}
            </div>
          ))}
        </div>
      </Part>
      <Part title={t("design.type")} about={t("design.type.what")}>
        <div className="card stack">
          {LANGUAGES.map((language) => (
            <div key={language} lang={language}>
              <p className="small soft">{NAMES[language]}</p>
              <p className="lead">{LINES[language]}</p>
              <p className="lead strong">{LINES[language]}</p>
            </div>
          ))}
        </div>
        <div className="stack tight">
          {SIZES.map((size) => (
            <p key={size} style={{ fontSize: `var(--t-${size})`, lineHeight: 1.4 }}>
              {t("head.name")} · {size}
            </p>
          ))}
        </div>
        <p className="numbers">
          {rupees(0)} · {rupees(99_950)} · {rupees(1_00_000_00)} · {rupees(1_23_45_678_90)}
        </p>
      </Part>
      <Part title={t("design.space")}>
        <div className="stack tight">
          {SPACES.map((n) => (
            <div key={n} className="row small">
              <span className="space" style={{ width: `var(--s${n})` }} /> s{n}
            </div>
          ))}
        </div>
      </Part>
      <Part title={t("design.awning")} about={t("design.awning.what")}>
        <div className="awning-show">
          <div className="awning" />
        </div>
        <Kolam>{t("ui.loading")}</Kolam>
        <Bones many={2} />
      </Part>
      <Part title={t("design.buttons")}>
        <div className="row">
          <Button>{t("goods.add")}</Button>
          <Button kind="second">{t("goods.toCart")}</Button>
          <Button kind="yes">{t("upi.approve")}</Button>
          <Button kind="no">{t("cancel.begin")}</Button>
          <Button kind="second small">{t("ui.again")}</Button>
          <Button disabled>{t("goods.soldOut")}</Button>
          <Button busy>{t("goods.add")}</Button>
          <Count value={pieces} most={5} name={t("design.thing")} onChange={setPieces} />
        </div>
      </Part>
      <Part title={t("design.fields")}>
        <div className="grid-fields">
          <Field label={t("address.name")} defaultValue="Meena R" />
          <Field label={t("delivery.pin")} hint={t("signin.phone.hint")} />
          <Field label={t("signin.code")} defaultValue="12345" wrong={t("error.any")} />
        </div>
        <Choice name="show" checked={picked === "a"} onChange={() => setPicked("a")}>
          {t("pay.upi")}
        </Choice>
        <Choice name="show" checked={picked === "b"} onChange={() => setPicked("b")}>
          {t("pay.cod")}
        </Choice>
        <Choice name="show" disabled>
          {t("delivery.noCash")}
        </Choice>
      </Part>
      <Part title={t("design.words")}>
        <Notice title={t("signin.simulated")}>{t("signin.inbox")}</Notice>
        <Notice tone="wait" title={t("standing.pending")}>
          {t("standing.pending.what")}
        </Notice>
        <Notice tone="good" title={t("standing.confirmed")} />
        <Notice tone="bad" title={t("standing.cancelled")}>
          {t("standing.noMoney")}
        </Notice>
        <div className="row">
          <Badge>{t("state.shipped")}</Badge>
          <Badge tone="wait">{t("stock.few", { count: 3 })}</Badge>
          <Badge tone="good">{t("stock.in")}</Badge>
          <Badge tone="bad">{t("stock.out")}</Badge>
          <Badge tone="offer">{t("price.off", { percent: 20 })}</Badge>
          <Stars value={4} />
          <Price now={1_29_900} was={1_59_900} />
        </div>
        <Empty title={t("cart.empty")}>
          <p>{t("cart.empty.fix")}</p>
        </Empty>
      </Part>
      <Part title={t("design.thread")} about={t("design.thread.what")}>
        <ol className="thread card">
          {(["done", "done", "now", ""] as const).map((kind, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: four fixed stations
            <li key={i} className={kind}>
              <span className="knot">{kind === "done" && <Icon name="yes" size={15} />}</span>
              <span>
                {t((["step.placed", "step.confirmed", "step.shipped", "step.delivered"] as const)[i] ?? "step.placed")}
              </span>
            </li>
          ))}
        </ol>
      </Part>
      <Part title={t("design.art")} about={t("design.art.what")}>
        <div className="arts">
          {Object.keys(SHELVES).map((id) => (
            <Art key={id} id={id} />
          ))}
          {Object.keys(MOTIFS).map((name) => (
            <Art key={name} id={`motif:${name}`} />
          ))}
        </div>
        <div className="row">
          {ICONS.map((name) => (
            <Icon key={name} name={name} />
          ))}
        </div>
      </Part>
    </div>
  );
}

function Part({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <section className="stack">
      <div>
        <h2>{title}</h2>
        {about && <p className="soft">{about}</p>}
      </div>
      {children}
    </section>
  );
}
