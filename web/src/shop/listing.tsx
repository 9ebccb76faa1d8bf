import { useEffect, useState } from "react";
import { useSearch } from "wouter";
import { call, NoAnswer, Refused } from "../api/client";
import { useLoad } from "../api/load";
import type { Card, Operations } from "../api/schema";
import { Art } from "../art/art";
import { type Key, useText } from "../i18n";
import { Bones, Button, ButtonLink, Empty, Failure, Title } from "../ui/ui";
import { Shelf } from "./goods";

type Query = NonNullable<Operations["GET /api/catalog/products"]["query"]>;
type Sort = NonNullable<Query["sort"]>;
const SORTS: readonly [Sort, Key][] = [
  ["featured", "sort.featured"],
  ["discount", "sort.discount"],
  ["price_low", "sort.low"],
  ["price_high", "sort.high"],
];
const LIMIT = 24;

export function CategoryPage({ category }: { category: string }) {
  const { t, language } = useText();
  const [sort, setSort] = useState<Sort>("featured");
  const shelves = useLoad("GET /api/catalog/categories", { query: { lang: language } }, language);
  const shelf = shelves.data?.items.find((each) => each.id === category);
  const name = shelf?.name ?? "";
  return (
    <div className="stack">
      <div className="row between">
        <div className="row">
          <span className="shelf-sign">
            <Art id={category} />
          </span>
          <Title plain={name}>{name || t("ui.loading")}</Title>
        </div>
        <label className="row small">
          {t("sort.by")}
          <select className="input sort" value={sort} onChange={(event) => setSort(event.target.value as Sort)}>
            {SORTS.map(([value, words]) => (
              <option key={value} value={value}>
                {t(words)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Pages query={{ category, sort, limit: LIMIT, lang: language }} empty={t("listing.empty")} />
    </div>
  );
}

export function SearchPage() {
  const { t, language } = useText();
  const words = new URLSearchParams(useSearch()).get("q")?.slice(0, 100) ?? "";
  return (
    <div className="stack">
      <Title plain={t("search.title", { words })}>{t("search.title", { words })}</Title>
      {words ? (
        <Pages query={{ q: words, limit: LIMIT, lang: language }} empty={t("search.empty", { words })} />
      ) : (
        <Empty title={t("search.hint")} />
      )}
    </div>
  );
}

/** A list as long as one wants it: each further page stands below the ones before. */
function Pages({ query, empty }: { query: Query; empty: string }) {
  const { t, language } = useText();
  const first = useLoad("GET /api/catalog/products", { query }, language);
  const [more, setMore] = useState<Card[]>([]);
  const [next, setNext] = useState<string | null>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Refused | NoAnswer>();
  const name = JSON.stringify(query);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins anew
  useEffect(() => {
    setMore([]);
    setNext(undefined);
  }, [name]);
  const cursor = next === undefined ? first.data?.next_cursor : next;

  async function load() {
    setBusy(true);
    try {
      const page = await call("GET /api/catalog/products", { query: { ...query, cursor: cursor ?? "" } });
      setMore((before) => [...before, ...page.items]);
      setNext(page.next_cursor);
      setError(undefined);
    } catch (problem) {
      if (problem instanceof Refused || problem instanceof NoAnswer) setError(problem);
      else throw problem;
    } finally {
      setBusy(false);
    }
  }
  if (first.error) return <Failure error={first.error} again={first.again} />;
  if (!first.data) return <Bones />;
  if (!first.data.items.length)
    return (
      <Empty title={empty}>
        <p>{t("search.empty.fix")}</p>
        <p>
          <ButtonLink to="/">{t("lost.home")}</ButtonLink>
        </p>
      </Empty>
    );
  return (
    <>
      <Shelf cards={[...first.data.items, ...more]} />
      {error && <Failure error={error} again={load} />}
      {cursor && (
        <p className="row">
          <Button kind="second" busy={busy} onClick={load}>
            {t("listing.more")}
          </Button>
        </p>
      )}
    </>
  );
}
