// Runs before the first paint, from a file of its own: the policy allows no script in the page. It imports nothing.
// The build puts in which file holds each language's texts, and what the first page asks the API: both begin to load here.
const files = {}; // FILES
const first = []; // FIRST

const kept = (name) => {
  try {
    return localStorage.getItem(`mela.${name}`);
  } catch {
    return null; // Storage is closed to us: each visit begins afresh.
  }
};
const wanted = [kept("lang"), ...navigator.languages.map((tag) => tag.slice(0, 2)), "en"];
const language = wanted.find((tag) => tag in files) ?? "en";
const root = document.documentElement;
root.lang = language;
for (const look of ["theme", "motion"]) if (kept(look)) root.dataset[look] = kept(look);
document.head.append(
  Object.assign(document.createElement("link"), { rel: "modulepreload", href: files[language], crossOrigin: "" }),
);
if (location.pathname === "/") {
  const headers = { "Accept-Language": language };
  const ask = (address) => [address, fetch(address, { headers }).catch(() => undefined)];
  window.early = new Map(first.map((address) => ask(`${address}lang=${language}`)));
}
