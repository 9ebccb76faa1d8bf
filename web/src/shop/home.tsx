import { Link } from "wouter";
import { useLoad } from "../api/load";
import type { Category } from "../api/schema";
import { Art, SHELVES } from "../art/art";
import { useText } from "../i18n";
import { Bones, Failure, Title } from "../ui/ui";
import { LOOK_INTO } from "./first";
import { Shelf } from "./goods";

/** The fair itself: a stall for each shelf, then what is cheaper today, then a look at some of the stalls. */
export default function Home() {
  const { t, language } = useText();
  const shelves = useLoad("GET /api/catalog/categories", { query: { lang: language } }, language);
  return (
    <div className="stack loose">
      <div className="hero">
        <Title plain={t("home.title")}>{t("home.title")}</Title>
        <p className="lead soft">{t("home.lead")}</p>
      </div>
      {shelves.error && <Failure error={shelves.error} again={shelves.again} />}
      <nav aria-label={t("home.stalls")}>
        <ul className="stalls">
          {shelves.data?.items.map((shelf) => (
            <li key={shelf.id}>
              <Link
                href={`/c/${shelf.id}`}
                className="stall"
                style={{ "--hue": `oklch(0.6 0.14 ${SHELVES[shelf.id]?.turn ?? 0})` } as React.CSSProperties}
              >
                <div className="awning" aria-hidden="true" />
                <Art id={shelf.id} />
                <span>{shelf.name}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Offers />
      {shelves.data?.items
        .filter((shelf) => LOOK_INTO.includes(shelf.id))
        .map((shelf) => (
          <Look key={shelf.id} shelf={shelf} />
        ))}
    </div>
  );
}

/** What costs less than it did: compared with what people really paid before, never with the printed price. */
function Offers() {
  const { t, language } = useText();
  const page = useLoad("GET /api/catalog/offers", { query: { limit: 6, lang: language } }, language);
  if (page.waiting) return <Bones many={4} />;
  if (!page.data?.items.length) return null;
  return (
    <section className="offers" aria-labelledby="offers">
      <div>
        <h2 id="offers">{t("home.offers")}</h2>
        <p className="small soft">{t("home.offers.what")}</p>
      </div>
      <Shelf cards={page.data.items} />
    </section>
  );
}

function Look({ shelf }: { shelf: Category }) {
  const { t, language } = useText();
  const page = useLoad(
    "GET /api/catalog/products",
    { query: { category: shelf.id, limit: 6, lang: language } },
    language,
  );
  return (
    <section className="stack" aria-labelledby={`shelf-${shelf.id}`}>
      <div className="row between">
        <h2 id={`shelf-${shelf.id}`}>{shelf.name}</h2>
        <Link href={`/c/${shelf.id}`}>{t("home.all", { name: shelf.name })}</Link>
      </div>
      {page.waiting ? <Bones many={4} /> : <Shelf cards={page.data?.items ?? []} />}
    </section>
  );
}
