import { type ComponentType, lazy } from "react";
import { firstLanguage, loadTexts } from "./i18n";
import Home from "./shop/home";

// biome-ignore lint/suspicious/noExplicitAny: each page takes the parameters of its own path, as strings
type Page = ComponentType<any>;
interface Place {
  path: string;
  page: Page;
  /** Addresses that begin so show without the shop's head and foot. */
  bare?: string;
}

/** A page that says what only paying needs. */
const paying = (page: () => Promise<{ default: Page }>) =>
  lazy(async () => (await Promise.all([page(), loadTexts(firstLanguage(), "pay/")]))[0]);

/** Every page by its address. All but home come when they are first wanted. A page more is a row more. */
export const ROUTES: readonly Place[] = [
  { path: "/", page: Home },
  { path: "/c/:category", page: lazy(() => import("./shop/listing").then((m) => ({ default: m.CategoryPage }))) },
  { path: "/search", page: lazy(() => import("./shop/listing").then((m) => ({ default: m.SearchPage }))) },
  { path: "/p/:id", page: lazy(() => import("./shop/product")) },
  { path: "/cart", page: lazy(() => import("./shop/cart-page")) },
  { path: "/checkout", page: paying(() => import("./shop/checkout")) },
  { path: "/signin", page: lazy(() => import("./shop/signin")) },
  { path: "/account", page: lazy(() => import("./shop/account")) },
  { path: "/orders", page: lazy(() => import("./shop/orders")) },
  { path: "/orders/:id", page: paying(() => import("./shop/order")) },
  { path: "/orders/:id/invoices", page: lazy(() => import("./shop/invoices")) },
  { path: "/upi/:id?/:provider?", page: lazy(() => import("./phone/upi")), bare: "/upi" },
  { path: "/bank/:provider/:id", page: paying(() => import("./bank/bank")), bare: "/bank" },
  { path: "/sms/:phone?", page: lazy(() => import("./phone/sms")), bare: "/sms" },
  { path: "/control", page: lazy(() => import("./control/control")), bare: "/control" },
  { path: "/control/rehearsals", page: lazy(() => import("./control/rehearsals")), bare: "/control" },
  { path: "/design", page: lazy(() => import("./design/design")) },
];
