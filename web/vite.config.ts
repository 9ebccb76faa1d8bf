import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { FIRST } from "./src/shop/first.ts";

const api = process.env.MELA_URL ?? "http://127.0.0.1:3000";
const compressible = /\.(js|css|html|svg|json|txt)$/;

/** `start-….js`, read before the first paint: the language and looks of last time, and what they need, asked for at once. */
function start(): Plugin {
  return {
    name: "mela-start",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const files: Record<string, string> = {};
      for (const [file, made] of Object.entries(bundle)) {
        const text = made.type === "chunk" && made.moduleIds.find((id) => /\/i18n\/texts\/\w\w\.json$/.test(id));
        if (text) files[text.slice(-7, -5)] = `/${file}`;
      }
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("index.html was not built");
      const code = readFileSync("src/start.js", "utf8")
        .replace("{}; // FILES", `${JSON.stringify(files)};`)
        .replace("[]; // FIRST", `${JSON.stringify(FIRST)};`);
      const reference = this.emitFile({ type: "asset", name: "start.js", source: `(() => {\n${code}})();\n` });
      const script = `<script src="/${this.getFileName(reference)}"></script>`;
      page.source = String(page.source).replace("<title>", `${script}\n    <title>`);
    },
  };
}

/** Each file once more as brotli and gzip, so that nobody has to compress while serving. */
function compressed(): Plugin {
  return {
    name: "mela-compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [file, made] of Object.entries(bundle)) {
          if (!compressible.test(file)) continue;
          const bytes = Buffer.from(made.type === "chunk" ? made.code : made.source);
          const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
          this.emitFile({ type: "asset", fileName: `${file}.br`, source: brotliCompressSync(bytes, quality) });
          this.emitFile({ type: "asset", fileName: `${file}.gz`, source: gzipSync(bytes, { level: 9 }) });
        }
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), start(), compressed()],
  build: {
    outDir: "../src/mela/runtime/site",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      // All that the first page runs in one file: nine small ones cost their headers and pack worse.
      output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } },
    },
  },
  server: { port: 3149, proxy: { "/api": api, "/sim": api, "/openapi.json": api } },
});
