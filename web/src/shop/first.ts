/** The shelves that the first page looks into. */
export const LOOK_INTO = ["grocery", "fashion", "kitchen"];

/** What the first page asks the API, but for the language: `start.js` asks it while the rest of us is still on the way. */
export const FIRST = [
  "/api/catalog/categories?",
  "/api/catalog/offers?limit=6&",
  ...LOOK_INTO.map((shelf) => `/api/catalog/products?category=${shelf}&limit=6&`),
];
