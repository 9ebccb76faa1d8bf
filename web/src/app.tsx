import { Component, lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Speaking, useText } from "./i18n";
import { ROUTES } from "./routes";
import { Carrying } from "./shop/cart";
import { Foot, Head } from "./shop/frame";
import { Placed } from "./shop/place";
import { SignedIn } from "./shop/session";
import { arrive, Button, Kolam, Notice } from "./ui/ui";

const Lost = lazy(() => import("./shop/lost"));

export function App() {
  return (
    <Speaking>
      <SignedIn>
        <Placed>
          <Carrying>
            <Pages />
          </Carrying>
        </Placed>
      </SignedIn>
    </Speaking>
  );
}

function Pages() {
  const { t } = useText();
  const [path] = useLocation();
  useArrival(path);
  const bare = ROUTES.some((route) => route.bare && path.startsWith(route.bare));
  return (
    <>
      <a className="button skip" href="#main">
        {t("head.skip")}
      </a>
      {!bare && <Head />}
      <main id="main" tabIndex={-1} className={bare ? "bare" : undefined}>
        <Stumble key={path}>
          <Suspense fallback={<Kolam>{t("ui.loading")}</Kolam>}>
            <Switch>
              {ROUTES.map(({ path: pattern, page: Page }) => (
                <Route key={pattern} path={pattern}>
                  {(params) => <Page {...(params as Record<string, string>)} />}
                </Route>
              ))}
              <Route>
                <Lost />
              </Route>
            </Switch>
          </Suspense>
        </Stumble>
      </main>
      {!bare && <Foot />}
    </>
  );
}

/** A new page begins at its top; its Title takes the focus as soon as it is there. The first page is left as the browser shows it. */
function useArrival(path: string): void {
  const first = useRef(path);
  useEffect(() => {
    if (first.current === path) return;
    first.current = "";
    window.scrollTo(0, 0);
    arrive();
  }, [path]);
}

/** What a mistake of ours leaves behind: a sentence and a way out, not a white page. */
class Stumble extends Component<{ children: ReactNode }, { fell: boolean }> {
  override state = { fell: false };
  static getDerivedStateFromError() {
    return { fell: true };
  }
  override render() {
    return this.state.fell ? <Fell /> : this.props.children;
  }
}

function Fell() {
  const { t } = useText();
  return (
    <Notice tone="bad" live title={t("error.any")}>
      <Button kind="second small" onClick={() => window.location.reload()}>
        {t("ui.again")}
      </Button>
    </Notice>
  );
}
