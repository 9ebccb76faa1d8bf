import { Link } from "wouter";
import { useLoad } from "../api/load";
import type { CreditNoteOut, InvoiceOut } from "../api/schema";
import { useText } from "../i18n";
import { moment, percent, rupees } from "../money";
import { Icon } from "../ui/icon";
import { Button, Empty, Failure, Kolam, Title } from "../ui/ui";
import { stateKey } from "./address";
import { SignFirst, shortId } from "./order";
import { useSession } from "./session";

/** The GST papers of an order: an invoice per seller, and a credit note for what was taken back. */
export default function InvoicesPage({ id }: { id: string }) {
  const { t, language } = useText();
  const { me } = useSession();
  const page = useLoad(me ? "GET /api/orders/orders/{order_id}/invoices" : null, { path: { order_id: id } }, language);
  const notes = useLoad(
    me ? "GET /api/orders/orders/{order_id}/credit-notes" : null,
    { path: { order_id: id } },
    language,
  );
  if (me === null) return <SignFirst to={`/orders/${id}/invoices`} />;
  if (page.error) return <Failure error={page.error} again={page.again} />;
  if (notes.error) return <Failure error={notes.error} again={notes.again} />;
  return (
    <div className="stack loose">
      <div className="row between">
        <Title plain={t("invoice.title")}>{t("invoice.title")}</Title>
        <span className="row no-print">
          <Link href={`/orders/${id}`}>{t("order.title", { id: shortId(id) })}</Link>
          <Button kind="second small" onClick={() => window.print()}>
            <Icon name="print" />
            {t("invoice.print")}
          </Button>
        </span>
      </div>
      {page.waiting && <Kolam>{t("ui.loading")}</Kolam>}
      {page.data?.items.length === 0 && <Empty title={t("invoice.none")} />}
      {page.data?.items.map((invoice) => (
        <Paper key={invoice.number} paper={invoice} order={id} />
      ))}
      {notes.data?.items.map((note) => (
        <Paper key={note.number} paper={note} order={id} />
      ))}
    </div>
  );
}

function Party({ title, party }: { title: string; party: InvoiceOut["seller"] }) {
  const { t } = useText();
  return (
    <div>
      <p className="small soft">{title}</p>
      <p className="strong">{party.name}</p>
      <p className="small">{party.address}</p>
      <p className="small">
        <span className="numbers">{party.pin}</span> {t(stateKey(party.state_code))} ({party.state_code})
      </p>
      {party.gstin && <p className="small">GSTIN {party.gstin}</p>}
    </div>
  );
}

function Paper({ paper, order }: { paper: InvoiceOut | CreditNoteOut; order: string }) {
  const { t, language } = useText();
  const day = (date: string) => moment(`${date}T12:00:00+05:30`, language, "date");
  const within = paper.igst_paise === 0;
  const heads = within ? (["cgst_paise", "sgst_paise"] as const) : (["igst_paise"] as const);
  const name = { cgst_paise: "CGST", sgst_paise: "SGST", igst_paise: "IGST" };
  return (
    <article className="card invoice stack" aria-label={paper.number}>
      <div className="row between">
        <div>
          <h2>{t("kind" in paper ? `invoice.${paper.kind}` : "invoice.credit_note")}</h2>
          <p className="numbers">{paper.number}</p>
          <p className="small soft">{t("invoice.on", { day: day(paper.issued_on) })}</p>
          {"invoice_number" in paper && (
            <p className="small soft">
              {t("invoice.takes_back", { number: paper.invoice_number, day: day(paper.invoice_issued_on) })}
            </p>
          )}
        </div>
        <a
          className="button second no-print"
          href={`/api/orders/orders/${order}/papers.pdf?${new URLSearchParams({ number: paper.number, lang: language })}`}
        >
          {t("invoice.pdf")}
        </a>
      </div>
      <div className="grid-fields">
        <Party title={t("invoice.seller")} party={paper.seller} />
        <Party title={t("invoice.buyer")} party={paper.buyer} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="scroll" tabIndex={0} aria-label={t("invoice.lines")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("invoice.item")}</th>
              <th scope="col">HSN</th>
              <th scope="col" className="n">
                {t("invoice.pieces")}
              </th>
              <th scope="col" className="n">
                {t("invoice.taxable")}
              </th>
              {heads.map((head) => (
                <th key={head} scope="col" className="n">
                  {name[head]}
                </th>
              ))}
              <th scope="col" className="n">
                {t("sum.total")}
              </th>
            </tr>
          </thead>
          <tbody>
            {paper.lines.map((line) => (
              <tr key={line.sku}>
                <td className="strong">{line.names[language] ?? line.sku}</td>
                <td data-of="HSN">{line.hsn}</td>
                <td className="n" data-of={t("invoice.pieces")}>
                  {line.quantity}
                </td>
                <td className="n" data-of={t("invoice.taxable")}>
                  {rupees(line.taxable_paise, true)}
                </td>
                {heads.map((head) => (
                  <td key={head} className="n" data-of={name[head]}>
                    <span>
                      {rupees(line[head], true)}
                      <br />
                      <span className="small soft">{percent(line.rate_bp / heads.length)}</span>
                    </span>
                  </td>
                ))}
                <td className="n" data-of={t("sum.total")}>
                  {rupees(line.gross_paise, true)}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr className="strong">
              <td colSpan={3}>{t("sum.total")}</td>
              <td className="n" data-of={t("invoice.taxable")}>
                {rupees(paper.taxable_paise, true)}
              </td>
              {heads.map((head) => (
                <td key={head} className="n" data-of={name[head]}>
                  {rupees(paper[head], true)}
                </td>
              ))}
              <td className="n" data-of={t("sum.total")}>
                {rupees(paper.total_paise, true)}
              </td>
            </tr>
          </tfoot>
        </table>
      </section>
      <p className="small soft">{t("invoice.supply", { state: t(stateKey(paper.place_of_supply)) })}</p>
    </article>
  );
}
