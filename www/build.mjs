// Builds what the page needs besides its two WebAssembly modules:
//
//   node build.mjs            → www/dist/
//
//   assets/editor.js          CodeMirror and our settings of it
//   assets/style.css          all styles
//   assets/fonts.css          and the fonts they name, which come after the first paint
//   assets/boot.js            starts the page's module
//   assets/examples.js        the example projects
//   assets/icon.svg           and licences of what is bundled
//   engine/worker.js          starts the engine's module in the worker
//   embed.js                  the element for other people's pages
//
// The engine's own module is put into www/dist/engine/ before this runs, if it
// is there at all; its size is written into the worker, for the progress bar.

import { build } from "esbuild";
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "dist");
const debug = process.argv.includes("--debug");

/** Every example's files, and what its folder says of it. */
async function examples() {
  const root = join(here, "examples");
  const order = JSON.parse(await readFile(join(root, "order.json"), "utf8"));
  return Promise.all(
    order.map(async (name) => {
      const about = JSON.parse(await readFile(join(root, name, "project.json"), "utf8"));
      const files = await Promise.all(
        (await filesOf(join(root, name)))
          .filter((path) => path.endsWith(".py"))
          .map(async (path) => ({ path, text: await readFile(join(root, name, path), "utf8") })),
      );
      files.sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
      const view = { file: "queries.py", line: 0 };
      return {
        name,
        summary: about.summary,
        project: { title: about.title, files, dialect: "sqlite", view },
      };
    }),
  );
}

/** The order of tabs: what is read first stands first. */
function rank(path) {
  const order = ["queries.py", "models.py", "seed.py", "settings.py", "tests.py"];
  const at = order.indexOf(path);
  return at < 0 ? order.length : at;
}

async function filesOf(root, folder = "") {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const lists = await Promise.all(
    entries.map((entry) => {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      return entry.isDirectory() ? filesOf(root, path) : [path];
    }),
  );
  return lists.flat();
}

async function engineSize() {
  const file = join(out, "engine/ormscope_worker_bg.wasm");
  return (await stat(file).catch(() => ({ size: 0 }))).size;
}

const common = {
  bundle: true,
  minify: !debug,
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
};

await rm(join(out, "assets"), { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });
await Promise.all([
  build({ ...common, entryPoints: [join(here, "editor/index.js")], outfile: join(out, "assets/editor.js"), format: "iife" }),
  build({ ...common, bundle: false, entryPoints: [join(here, "boot.js")], outfile: join(out, "assets/boot.js") }),
  build({
    ...common,
    bundle: false,
    entryPoints: [join(here, "worker.js")],
    outfile: join(out, "engine/worker.js"),
    define: { ENGINE_SIZE: String(await engineSize()) },
  }),
  build({ ...common, entryPoints: [join(here, "embed/embed.js")], outfile: join(out, "embed.js"), format: "iife" }),
  build({
    ...common,
    entryPoints: [join(here, "styles/style.css"), join(here, "styles/fonts.css")],
    outdir: join(out, "assets"),
    loader: { ".woff2": "file" },
    assetNames: "[name]",
  }),
  cp(join(here, "icons"), join(out, "assets"), { recursive: true }),
  cp(join(here, "licences"), join(out, "assets/licences"), { recursive: true }),
  writeFile(
    join(out, "assets/examples.js"),
    `globalThis.OrmscopeExamples=${JSON.stringify(JSON.stringify(await examples()))};\n`,
  ),
]);
console.log(`www/dist is built${debug ? " (not minified)" : ""}`);
