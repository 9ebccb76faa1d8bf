import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { call } from "../api/client";
import { useLoad } from "../api/load";
import type { ReviewOut } from "../api/schema";
import { useText } from "../i18n";
import { moment } from "../money";
import { Badge, Button, Failure, Field, Notice, Stars } from "../ui/ui";
import { useWork, wrongIn } from "../ui/work";
import { useSession } from "./session";

/** What people say of a thing: their words as they wrote them, never as anything but text. */
export function Reviews({ product }: { product: string }) {
  const { t, language } = useText();
  const { me } = useSession();
  const given = { path: { product_id: product }, query: { limit: 20 } };
  const page = useLoad("GET /api/catalog/products/{product_id}/reviews", given, language);
  if (page.error) return <Failure error={page.error} again={page.again} />;
  if (!page.data) return null;
  const { items, count, average } = page.data;
  return (
    <section className="stack" aria-labelledby="reviews">
      <h2 id="reviews">{t("review.title")}</h2>
      {average !== null ? (
        <p className="row">
          <Stars value={average} />
          <span className="numbers">{t("review.average", { average, count })}</span>
        </p>
      ) : (
        <p className="soft">{t("review.none")}</p>
      )}
      <div>
        {items.map((review) => (
          <Said key={review.id} review={review} />
        ))}
      </div>
      {me ? (
        <Write product={product} written={page.again} />
      ) : (
        <p>
          <Link href={`/signin?to=/p/${product}`}>{t("review.signin")}</Link>
        </p>
      )}
    </section>
  );
}

function Said({ review }: { review: ReviewOut }) {
  const { t, language } = useText();
  return (
    <article className="review">
      <p className="row small">
        <Stars value={review.rating} />
        <span className="strong">{review.name ?? t("review.nameless")}</span>
        <span className="soft">{moment(review.written, language, "day")}</span>
        {review.verified && <Badge tone="good">{t("review.verified")}</Badge>}
      </p>
      <p className="prewrap" lang={review.language}>
        {review.text}
      </p>
    </article>
  );
}

function Write({ product, written }: { product: string; written: () => void }) {
  const { t, language } = useText();
  const [rating, setRating] = useState(0);
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  const [done, setDone] = useState(false);
  const work = useWork();
  async function submit(event: FormEvent) {
    event.preventDefault();
    const sent = await work.run((key) =>
      call("POST /api/catalog/products/{product_id}/reviews", {
        path: { product_id: product },
        query: { lang: language },
        body: { rating, text: text.trim(), name: name.trim() || null },
        key,
      }),
    );
    if (!sent) return;
    setDone(true);
    written();
  }
  if (done) return <Notice tone="good" live title={t("review.thanks")} />;
  return (
    <form className="card stack" onSubmit={submit}>
      <h3>{t("review.write")}</h3>
      <fieldset className="row">
        <legend className="visually-hidden">{t("review.rating")}</legend>
        {[1, 2, 3, 4, 5].map((stars) => (
          <label key={stars} className="star-choice">
            <input type="radio" name="rating" required checked={rating === stars} onChange={() => setRating(stars)} />
            <span>{stars} ★</span>
            <span className="visually-hidden">{t("review.stars", { count: stars })}</span>
          </label>
        ))}
      </fieldset>
      <div className="field">
        <label htmlFor="review-text">{t("review.text")}</label>
        <textarea
          id="review-text"
          className="input"
          required
          maxLength={1000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {wrongIn(work.error, "text") && <span className="wrong">{wrongIn(work.error, "text")}</span>}
      </div>
      <Field
        label={t("review.name")}
        hint={t("review.name.hint")}
        maxLength={40}
        autoComplete="given-name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        wrong={wrongIn(work.error, "name")}
      />
      {work.error && <Failure error={work.error} />}
      <p>
        <Button type="submit" busy={work.busy}>
          {t("review.send")}
        </Button>
      </p>
    </form>
  );
}
