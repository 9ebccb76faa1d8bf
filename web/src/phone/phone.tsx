import type { ReactNode } from "react";
import { useText } from "../i18n";
import "./phone.css";

/** Somebody's phone: not the shop, and drawn so that nobody takes it for the shop. */
export function Phone({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useText();
  return (
    <div className="table-top">
      <div className="handset">
        <div className="screen stack">
          <p className="phone-bar">
            <span>{title}</span>
            <span className="small">{t("phone.simulated")}</span>
          </p>
          {children}
        </div>
      </div>
    </div>
  );
}
