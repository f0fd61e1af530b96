// Whether the engine's first part is enough for a first visit: it starts and
// runs the first example project, and asks for nothing more.
//
//   node begins.mjs GLUE MODULE ROOT

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [glue, file, root] = process.argv.slice(2);

globalThis.DedicatedWorkerGlobalScope = class {
  static [Symbol.hasInstance](value) {
    return value === globalThis;
  }
};
let answered;
globalThis.postMessage = ({ json }) => {
  answered = JSON.parse(json);
};
globalThis.ormscopeFetchRest = () => {
  throw new Error("the first example needs the engine's second part");
};

const { default: init, start, answer, warm } = await import(pathToFileURL(glue));
await init({ module_or_path: await readFile(file) });
start();
const [name] = JSON.parse(await readFile(join(root, "www/examples/order.json"), "utf8"));
const folder = join(root, "www/examples", name);
const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith(".py"));
const files = await Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(folder, path), "utf8") })));
const project = { title: "", files, dialect: "sqlite", view: { file: "queries.py", line: 0 } };
answer(JSON.stringify({ run: { id: 1, project, limits: { millis: 20_000, rows: 100, output: 1 << 20 } } }));
const { diagnostics, cards } = answered.report.report;
// The worker goes on by itself.
while (warm());
if (diagnostics.length || !cards.length) throw new Error(`the first example does not run: ${JSON.stringify(diagnostics)}`);
