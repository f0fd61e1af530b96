// Which functions of the engine are often used: it runs the example projects,
// what is done with them in the page, and the recorded cases.
//
//   node used.mjs GLUE MODULE PLACE COUNT ROOT > a line for each function's number
//
// MODULE notes its calls itself, one byte a function from PLACE on.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [glue, file, place, count, root] = process.argv.slice(2);

// What the engine expects of a worker.
globalThis.DedicatedWorkerGlobalScope = class {
  static [Symbol.hasInstance](value) {
    return value === globalThis;
  }
};
let answered = null;
globalThis.postMessage = ({ json }) => {
  answered = JSON.parse(json);
};
// The rest is there already; what asks for it has to be in the first part.
globalThis.ormscopeFetchRest = () => {};

let answer;
let warm;
let exports;
/** A new engine. Each hashes with numbers of its own, so that one calls what
    another does not. */
async function begin(number) {
  const { default: init, ...engine } = await import(`${pathToFileURL(glue)}?${number}`);
  exports = await init({ module_or_path: await readFile(file) });
  exports.ormscope_rest();
  engine.start();
  ({ answer, warm } = engine);
}

let id = 0;
function ask(kind, request) {
  answered = null;
  id += 1;
  answer(JSON.stringify({ [kind]: { id, ...request } }));
  return answered;
}
const limits = { millis: 20_000, rows: 10_000, output: 1 << 20 };
const run = (project) => ask("run", { project, limits });
const of = (files) => ({ title: "", files, dialect: "sqlite", view: { file: "queries.py", line: 0 } });
const changed = (files, path, change) =>
  files.map((each) => (each.path === path ? { path, text: change(each.text) } : each));

async function texts(folder, inside = "") {
  const found = [];
  for (const entry of await readdir(join(folder, inside), { withFileTypes: true })) {
    const path = inside ? `${inside}/${entry.name}` : entry.name;
    if (entry.isDirectory()) found.push(...(await texts(folder, path)));
    else if (path.endsWith(".py")) found.push({ path, text: await readFile(join(folder, path), "utf8") });
  }
  return found;
}

/** What a visitor does with a project. */
function visit(files) {
  const report = run(of(files))?.report?.report;
  while (warm());
  const tables = report?.databases?.[0]?.tables ?? [];
  for (const table of tables) {
    ask("rows", { database: "default", table: table.name, offset: 0, limit: 100 });
  }
  ask("export", { database: "default" });
  // What is typed comes letter by letter: some of the engine is first called by the tenth run.
  for (const path of ["models.py", "seed.py", "queries.py"]) {
    for (let typed = "\n# "; typed.length < 15; typed += "x") run(of(changed(files, path, (text) => text + typed)));
  }
  // Typing goes through texts that are not Python, and names that are not there.
  for (const broken of ["(", "\nnothing\n", "\n1/0\n", "\nwhat.is.this(\n", "\nimport nothing_of_this_name\n", "\nprint('x')\n"]) {
    run(of(changed(files, "queries.py", (text) => text + broken)));
  }
  run(of(changed(files, "models.py", (text) => `${text}\nclass`)));
  const grown = changed(
    files,
    "models.py",
    (text) => `${text}\n\nclass Added(models.Model):\n    name = models.CharField(max_length=20)\n`,
  );
  run(of(grown));
  for (const path of [null, ...files.map((each) => each.path).filter((path) => /migrations\/0/.test(path))]) {
    const project = of(path ? files.filter((each) => each.path !== path) : grown);
    const made = ask("make_migrations", { project, answers: [], name: null, empty: null });
    const written = made?.migrations?.migrations?.files ?? [];
    if (written.length) run(of([...project.files, ...written]));
  }
}

const used = new Uint8Array(Number(count));
/** Adds what this engine called. */
function note() {
  const notes = new Uint8Array(exports.memory.buffer, Number(place), used.length);
  notes.forEach((called, at) => (used[at] |= called));
}

const examples = JSON.parse(await readFile(join(root, "www/examples/order.json"), "utf8"));
for (const [number, name] of examples.entries()) {
  await begin(number);
  visit(await texts(join(root, "www/examples", name)));
  note();
}
const suite = join(root, "tests/suite");
for (const path of (await readdir(suite, { recursive: true })).filter((path) => path.endsWith(".md"))) {
  const text = await readFile(join(suite, path), "utf8");
  const models = /^Models: .*models\/(\w+)\)/m.exec(text)?.[1];
  if (!models) continue;
  const files = (await texts(join(root, "tests/models", models))).filter((each) => each.path !== "queries.py");
  const blocks = [...text.matchAll(/^```python\n([^]*?)^```/gm)].map((match) => match[1]);
  const [first, ...rest] = text.indexOf("```python") < text.indexOf("\n## ") ? blocks : ["", ...blocks];
  for (const block of rest) run(of([...files, { path: "queries.py", text: `${first}\n${block}` }]));
}
note();
process.stdout.write(Array.from(used.entries()).flatMap(([at, called]) => (called ? [`${at}\n`] : [])).join(""));
