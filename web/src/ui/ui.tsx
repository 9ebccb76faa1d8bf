import { type ComponentProps, type ReactNode, useEffect, useId, useRef } from "react";
import { Link } from "wouter";
import { NoAnswer, type Refused } from "../api/client";
import { useText } from "../i18n";
import { rupees } from "../money";
import { Icon, type IconName, Star } from "./icon";

type Tone = "plain" | "wait" | "good" | "bad";
const SIGN: Record<Tone, IconName> = { plain: "info", wait: "wait", good: "yes", bad: "alert" };

export function Button({
  kind = "",
  busy = false,
  children,
  ...rest
}: { kind?: string; busy?: boolean } & ComponentProps<"button">) {
  const { t } = useText();
  return (
    <button type="button" {...rest} className={`button ${kind}`} disabled={rest.disabled || busy} aria-busy={busy}>
      {busy ? t("ui.wait") : children}
    </button>
  );
}

export function ButtonLink({ kind = "", to, children }: { kind?: string; to: string; children: ReactNode }) {
  return (
    <Link href={to} className={`button ${kind}`}>
      {children}
    </Link>
  );
}

/** A sentence that matters now. `live` has it read out when it comes. */
export function Notice({
  tone = "plain",
  title,
  live = false,
  children,
}: {
  tone?: Tone;
  title?: ReactNode;
  live?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className={`notice ${tone}`} role={live ? (tone === "bad" ? "alert" : "status") : undefined}>
      <Icon name={SIGN[tone]} />
      {title && <p className="strong">{title}</p>}
      {children && <div>{children}</div>}
    </div>
  );
}

export function Badge({ tone = "plain", children }: { tone?: Tone | "offer"; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

/** What is to pay, and when that is more, the printed price, or with `before` what was paid until lately. */
export function Price({
  now,
  was,
  before = false,
  big = false,
}: {
  now: number;
  was?: number;
  before?: boolean;
  big?: boolean;
}) {
  const { t } = useText();
  return (
    <span className={`price ${big ? "big" : ""}`}>
      <span className="now numbers">{rupees(now)}</span>
      {was !== undefined && was > now && (
        <s className="was numbers">
          <span className="visually-hidden">{t(before ? "price.before" : "price.mrp")} </span>
          {rupees(was)}
        </s>
      )}
    </span>
  );
}

/** Whole percent below the printed price; 0 when there is nothing to boast of. */
export function off(now: number, was: number): number {
  return was > now ? Math.floor(((was - now) * 100) / was) : 0;
}

type Given = Omit<ComponentProps<"input">, "id" | "className"> & {
  label: string;
  hint?: string;
  wrong?: string | undefined;
};

export function Field({ label, hint, wrong, ...input }: Given) {
  const id = useId();
  const said = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        className="input"
        aria-invalid={wrong ? true : undefined}
        aria-describedby={said || undefined}
      />
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {wrong && (
        <span className="wrong" id={`${id}-wrong`}>
          {wrong}
        </span>
      )}
    </div>
  );
}

export function Choice({ children, ...input }: ComponentProps<"input"> & { children: ReactNode }) {
  return (
    <label className="choice">
      <input type="radio" {...input} />
      <span>{children}</span>
    </label>
  );
}

/** How many pieces; the buttons say what they change. */
export function Count({
  value,
  most,
  name,
  onChange,
}: {
  value: number;
  most: number;
  name: string;
  onChange: (next: number) => void;
}) {
  const { t } = useText();
  return (
    <span className="count">
      <button
        type="button"
        aria-label={t("cart.fewer", { name })}
        disabled={value <= 0}
        onClick={() => onChange(value - 1)}
      >
        <Icon name="minus" />
      </button>
      <output aria-label={t("cart.pieces", { count: value })}>{value}</output>
      <button
        type="button"
        aria-label={t("cart.more", { name })}
        disabled={value >= most}
        onClick={() => onChange(value + 1)}
      >
        <Icon name="plus" />
      </button>
    </span>
  );
}

/** A kolam of nine dots; the line draws itself while one waits. */
export function Kolam({ still = false, children }: { still?: boolean; children?: ReactNode }) {
  return (
    <div className={`kolam ${still ? "still" : ""}`} role={still ? undefined : "status"}>
      <svg viewBox="0 0 60 60" aria-hidden="true" focusable="false">
        {[12, 30, 48].flatMap((x) =>
          [12, 30, 48].map((y) => <circle key={`${x} ${y}`} className="dot" cx={x} cy={y} r="2.2" />),
        )}
        <path
          className="line"
          pathLength="100"
          d="M30 4C40 4 38 14 48 12S56 20 56 30 46 38 48 48 40 56 30 56 22 46 12 48 4 40 4 30 14 22 12 12 20 4 30 4zM30 20c8 0 10 2 10 10s-2 10-10 10-10-2-10-10 2-10 10-10z"
        />
      </svg>
      {children && <div className="stack tight">{children}</div>}
    </div>
  );
}

/** Nothing is here, and what one can do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Kolam still>
      <p className="lead strong">{title}</p>
      {children}
    </Kolam>
  );
}

/** Grey shapes of what is coming. */
export function Bones({ many = 6 }: { many?: number }) {
  const { t } = useText();
  return (
    <div role="status">
      <span className="visually-hidden">{t("ui.loading")}</span>
      <ul className="shelf" aria-hidden="true">
        {Array.from({ length: many }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: all alike
          <li className="ware" key={i}>
            <div className="bone" style={{ aspectRatio: "1" }} />
            <div className="about">
              <div className="bone" />
              <div className="bone" style={{ width: "55%" }} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Why it did not work, in the API's own sentence, or that no answer came. */
export function Failure({ error, again }: { error: Refused | NoAnswer; again?: () => void }) {
  const { t } = useText();
  const lost = error instanceof NoAnswer;
  return (
    <Notice
      tone={lost ? "wait" : "bad"}
      live
      title={lost ? t("error.noAnswer") : error.problem.title || t("error.any")}
    >
      <div className="stack tight">
        <p>{lost ? t("error.noAnswer.fix") : error.problem.detail || t("error.any.fix")}</p>
        {again && (
          <p>
            <Button kind="second small" onClick={again}>
              {t("ui.again")}
            </Button>
          </p>
        )}
      </div>
    </Notice>
  );
}

export function Stars({ value }: { value: number }) {
  const { t } = useText();
  return (
    <span className="stars" role="img" aria-label={t("review.stars", { count: value })}>
      {[1, 2, 3, 4, 5].map((n) => (
        <Star key={n} on={n <= Math.round(value)} />
      ))}
    </span>
  );
}

let arriving = false;

/** Somebody has come to another page: its name takes the focus, now or when it is there. */
export function arrive(): void {
  const name = document.querySelector<HTMLElement>("main h1");
  arriving = !name;
  name?.focus({ preventScroll: true });
}

/** The page's name: in the window's title, and where the screen reader begins. */
export function Title({ children, plain }: { children: ReactNode; plain: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!arriving) return;
    arriving = false;
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <title>{`${plain} · Mela`}</title>
      <h1 ref={heading} tabIndex={-1}>
        {children}
      </h1>
    </>
  );
}
