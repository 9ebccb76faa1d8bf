import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { firstLanguage, loadTexts } from "./i18n";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/ui.css";
import "./styles/shop.css";

await loadTexts(firstLanguage());
const place = document.getElementById("app");
if (!place) throw new Error("no place in the page");
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
