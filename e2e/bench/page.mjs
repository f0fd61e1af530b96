// What a visitor waits for, as a Markdown table; beside it the same on real
// Django on Pyodide, in turn, so that both meet the same noise.
//
//   node page.mjs [COLD [EDITS]]        how many cold starts, how many edits each
//
//   ORMSCOPE_DIST, ORMSCOPE_CHROMIUM    as for ../run.mjs
//   ORMSCOPE_RIVAL                      the rival's page, which `cargo xtask bench` puts together
//                                       default: ../../target/rival
//   ORMSCOPE_SAMPLES                    a file that gets every single measurement

import { stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../serve.mjs";
import * as ours from "./ours.mjs";
import { bookstore, small } from "./projects.mjs";
import * as rival from "./rival.mjs";
import { same } from "./same.mjs";
import { kb, median, ms, p95, row, table } from "./table.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [cold, count] = [process.argv[2] ?? 7, process.argv[3] ?? 40].map(Number);
const prefix = "/some/where/";
const places = {
  ours: process.env.ORMSCOPE_DIST ?? join(here, "../../dist"),
  rival: process.env.ORMSCOPE_RIVAL ?? join(here, "../../target/rival"),
};
const servers = { ours: await serve(places.ours, prefix), rival: await serve(places.rival, prefix) };
const browser = await chromium.launch({
  executablePath: process.env.ORMSCOPE_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const example = await bookstore();

/** What files weigh as they were sent. */
async function bytes(place, paths) {
  let all = 0;
  for (const path of new Set(paths)) {
    const file = join(place, path.slice(prefix.length) || "index.html");
    const packed = await stat(`${file}.br`).catch(() => null);
    all += (packed ?? (await stat(file))).size;
  }
  return all;
}

async function coldStarts() {
  const found = { ours: [], rival: [], paints: [], beforePaint: 0 };
  for (let round = 0; round < cold; round += 1) {
    const we = await ours.open(browser, servers.ours.address);
    await we.page.waitForTimeout(500);
    const { paint, paths } = await ours.painted(we);
    found.ours.push(we.first);
    found.paints.push(paint);
    found.beforePaint = Math.max(found.beforePaint, await bytes(places.ours, paths));
    found.downloads = await bytes(places.ours, we.fetched.map(({ path }) => path));
    const shown = await ours.facts(we);
    await we.context.close();

    const they = await rival.open(browser, servers.rival.address, example);
    await they.page.waitForTimeout(500);
    found.rival.push(they.first);
    found.rivalDownloads = await bytes(places.rival, they.fetched.map(({ path }) => path));
    same(shown, await rival.facts(they));
    found.versions = await rival.versions(they);
    await they.context.close();
  }
  return found;
}

/** So many edits of a file on both sides, one here, one there. */
async function edits(we, they, file) {
  const found = { ours: [], engine: [], rival: [] };
  await ours.begin(we, file);
  await rival.type(they, file, "#");
  for (let index = 0; index < count; index += 1) {
    const digit = String(index % 10);
    found.ours.push(await ours.type(we, digit));
    found.engine.push(await ours.worked(we));
    found.rival.push(await rival.type(they, file, digit));
  }
  return found;
}

const starts = await coldStarts();
const we = await ours.open(browser, servers.ours.address);
const they = await rival.open(browser, servers.rival.address, example);
const large = { models: await edits(we, they, "models.py"), queries: await edits(we, they, "queries.py") };
await ours.give(we, small);
await rival.give(they, small);
const few = { models: await edits(we, they, "models.py"), queries: await edits(we, they, "queries.py") };
same(await ours.facts(we), await rival.facts(they));
await they.context.close();
const hung = await ours.stopped(we, "while True: pass\n", small["queries.py"]);
const full = await ours.stopped(we, "hoard = [[n] for n in range(10**9)]\n", small["queries.py"]);
await browser.close();
servers.ours.stop();
servers.rival.stop();

const engine = (what, samples) => row(`${what}: the engine's own work, median`, ms, median(samples.engine), median(samples.rival), null);
const both = (what, measure, samples, wanted) => row(what, ms, measure(samples.ours), measure(samples.rival), wanted);
console.log(
  table([
    both("cold: first result", median, starts, 1500),
    row("cold: first paint", ms, median(starts.paints), null, null),
    row("all downloads, brotli", kb, starts.downloads, starts.rivalDownloads, 4500),
    row("of these before the first paint", kb, starts.beforePaint, null, 300),
    both("models edited, three models and one queryset: median", median, few.models, 10),
    engine("models edited, three models and one queryset", few.models),
    both("queryset edited, three models and one queryset: median", median, few.queries, 10),
    engine("queryset edited, three models and one queryset", few.queries),
    both("models edited, the largest example: median", median, large.models, null),
    both("models edited, the largest example: p95", p95, large.models, 60),
    engine("models edited, the largest example", large.models),
    both("queries edited, the largest example: median", median, large.queries, null),
    both("queries edited, the largest example: p95", p95, large.queries, 60),
    engine("queries edited, the largest example", large.queries),
    row("`while True: pass`: stopped after", ms, hung, null, 5000),
    row("memory exhausted: stopped after", ms, full, null, 5000),
  ]),
);
const rest = await bytes(places.ours, [`${prefix}engine/ormscope_worker_rest.wasm`]);
console.log(`
${cold} cold starts and ${count} edits each, ours and Django's in turn. *Times*: what Django takes as a multiple of ours; below 1
it is the quicker. Ours counts from the end of the debounce (${ours.DEBOUNCE} ms) to the new results in the page; Django on Pyodide
(${starts.versions}) from posting the edit to its worker to the results in its page. Where the last run was
quick, ours begins to run with the keystroke and has its results ready when the debounce ends; so the engine's own work on the
same edits, as the page says, stands in rows of its own. Django is
spared all that ours does besides: it has no editor, applies no migrations, traces nothing, draws no tables and no join
graph, asks for no \`EXPLAIN\`, and writes plain text. Like ours it makes models and rows anew only when they are edited. The
run fails unless both come to the same SQL and as many rows for every statement. Downloads are those of a first visit; the
first use of something rare fetches our engine's second part, ${kb(rest)} more.`);
if (process.env.ORMSCOPE_SAMPLES) {
  await writeFile(process.env.ORMSCOPE_SAMPLES, JSON.stringify({ starts, large, few, hung, full }, null, 1));
}
