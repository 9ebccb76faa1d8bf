import { useText } from "../i18n";
import { ButtonLink, Kolam, Title } from "../ui/ui";

/** An address that leads nowhere. */
export default function Lost() {
  const { t } = useText();
  return (
    <Kolam still>
      <Title plain={t("lost.title")}>{t("lost.title")}</Title>
      <p>{t("lost.text")}</p>
      <p>
        <ButtonLink to="/">{t("lost.home")}</ButtonLink>
      </p>
    </Kolam>
  );
}
