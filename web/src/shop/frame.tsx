import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Link, useLocation } from "wouter";
import { useText } from "../i18n";
import { LANGUAGES, NAMES } from "../i18n/languages";
import { remember } from "../memory";
import { Icon, type IconName } from "../ui/icon";
import { useCart } from "./cart";
import { Search } from "./search";
import { useSession } from "./session";

/** The stall's front: name, tools, search, and the awning over all pages. */
export function Head() {
  const { t } = useText();
  const { me } = useSession();
  const { pieces } = useCart();
  return (
    <>
      <header className="head">
        <div className="head-in">
          <Link href="/" className="mark">
            <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
              <path
                d="M3 6h26v6a4.300 4.300 0 0 1-8.700 0 4.300 4.300 0 0 1-8.600 0A4.300 4.300 0 0 1 3 12z"
                fill="var(--haldi)"
              />
              <path d="M6 18v10h20V18" fill="none" stroke="currentColor" strokeWidth="2.600" />
              <circle cx="16" cy="23" r="2.400" fill="currentColor" />
            </svg>
            {t("head.name")}
          </Link>
          <nav className="head-tools" aria-label={t("head.tools")}>
            <Languages />
            <Theme />
            {me ? (
              <Tool to="/orders" icon="orders" words={t("head.orders")} />
            ) : (
              <Tool to="/signin" icon="person" words={t("head.signin")} />
            )}
            <Tool to="/cart" icon="cart" words={t("head.cart")} many={pieces} />
          </nav>
          <Search />
        </div>
        <Offline />
      </header>
      <div className="awning" aria-hidden="true" />
    </>
  );
}

function Tool({ to, icon, words, many = 0 }: { to: string; icon: IconName; words: string; many?: number }) {
  const { t } = useText();
  return (
    <Link href={to} className="tool" aria-label={many ? `${words}, ${t("cart.pieces", { count: many })}` : words}>
      <Icon name={icon} size={24} />
      <span className="words">{words}</span>
      {many > 0 && <span className="many numbers">{many}</span>}
    </Link>
  );
}

/** A button and the menu it opens; Escape and a look elsewhere close it. */
function Menu({
  icon,
  label,
  words,
  children,
}: {
  icon: IconName;
  label: string;
  words?: string;
  children: (close: () => void) => ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const holder = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    holder.current?.querySelector<HTMLElement>(".menu button")?.focus();
    const outside = (event: Event) => !holder.current?.contains(event.target as Node) && setOpen(false);
    const leave = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", leave);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="holder" ref={holder}>
      <button
        ref={button}
        type="button"
        className="tool"
        aria-expanded={open}
        aria-label={label}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} size={24} />
        {words && <span className="words">{words}</span>}
      </button>
      {open && <div className="menu">{children(close)}</div>}
    </div>
  );
}

export function Languages() {
  const { t, language, choose } = useText();
  return (
    <Menu icon="speech" label={t("head.language", { name: NAMES[language] })} words={NAMES[language]}>
      {(close) =>
        LANGUAGES.map((each) => (
          <button
            key={each}
            type="button"
            lang={each}
            aria-current={each === language ? "true" : undefined}
            onClick={() => choose(each).then(close)}
          >
            {NAMES[each]}
            {each === language && <Icon name="yes" />}
          </button>
        ))
      }
    </Menu>
  );
}

function set(name: "theme" | "motion", value: string | null): void {
  remember(name, value);
  if (value === null) delete document.documentElement.dataset[name];
  else document.documentElement.dataset[name] = value;
}

export function Theme() {
  const { t } = useText();
  const rows = [
    { name: "theme", value: "light", words: t("theme.light") },
    { name: "theme", value: "dark", words: t("theme.dark") },
    { name: "theme", value: null, words: t("theme.system") },
    { name: "motion", value: "off", words: t("motion.off") },
    { name: "motion", value: null, words: t("motion.system") },
  ] as const;
  const now = document.documentElement.dataset;
  return (
    <Menu icon="sun" label={t("head.looks")}>
      {(close) =>
        rows.map(({ name, value, words }) => (
          <button
            key={words}
            type="button"
            aria-current={(now[name] ?? null) === value ? "true" : undefined}
            onClick={() => {
              set(name, value);
              close();
            }}
          >
            {words}
            {(now[name] ?? null) === value && <Icon name="yes" />}
          </button>
        ))
      }
    </Menu>
  );
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}

export function useOnline(): boolean {
  return useSyncExternalStore(subscribe, () => navigator.onLine);
}

function Offline() {
  const { t } = useText();
  const online = useOnline();
  return <div role="status">{!online && <p className="line-lost">{t("error.offline")}</p>}</div>;
}

export function Foot() {
  const { t } = useText();
  const [path] = useLocation();
  return (
    <footer className="foot">
      <div className="foot-in">
        <nav className="row" aria-label={t("foot.nav")}>
          <Link href="/orders">{t("head.orders")}</Link>
          <Link href="/account">{t("account.title")}</Link>
          <Link href="/design">{t("foot.design")}</Link>
          <a href="/docs">{t("foot.docs")}</a>
          {path !== "/" && <Link href="/">{t("lost.home")}</Link>}
        </nav>
        <p className="small soft">{t("foot.sample")}</p>
      </div>
    </footer>
  );
}
