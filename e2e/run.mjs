// Journeys through the built page in a real browser.
//
//   node run.mjs [WORD…]        only journeys whose title holds a word
//
//   ORMSCOPE_DIST       the built page            default: ../dist
//   ORMSCOPE_CHROMIUM   the browser               default: /usr/bin/chromium
//   ORMSCOPE_SHOTS      where screenshots go      default: ../docs/screenshots
//   ORMSCOPE_BIN, ORMSCOPE_DJANGO_TESTS    the native command, the folder of Django's tests
//
// The page is served under a path prefix, since it must work under any.
// A journey that the engine cannot go to its end yet stands in not-yet.txt, with
// the reason; it is walked all the same, and its failing is not counted. One
// that passes is to be taken off the list.
//
// A journey fails, too, if the page asks for anything from elsewhere, breaks
// its Content-Security-Policy or writes an error to the console.

import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";
import { Visitor } from "./visitor.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = process.env.ORMSCOPE_DIST ?? join(here, "../dist");
const shots = process.env.ORMSCOPE_SHOTS ?? join(here, "../docs/screenshots");
const words = process.argv.slice(2);

const server = await serve(dist, "/some/where/");
const browser = await chromium.launch({
  executablePath: process.env.ORMSCOPE_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const notYet = new Map(
  (await readFile(join(here, "not-yet.txt"), "utf8"))
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split(" | ")),
);

let passed = 0;
let failed = 0;
let waiting = 0;
const files = (await readdir(join(here, "journeys"))).filter((file) => file.endsWith(".mjs")).sort();
for (const file of files) {
  const { default: journeys } = await import(`./journeys/${file}`);
  for (const [title, walk] of Object.entries(journeys)) {
    if (words.length && !words.some((word) => title.includes(word) || file.includes(word))) continue;
    const begun = Date.now();
    const visitor = new Visitor(browser, server.address, shots);
    try {
      await walk(visitor);
      visitor.assertClean();
      passed += 1;
      if (notYet.has(title)) console.log(`      take it off not-yet.txt: ${title}`);
      console.log(`ok    ${title} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    } catch (error) {
      if (notYet.has(title)) {
        waiting += 1;
        console.log(`later ${title}: ${notYet.get(title)} (${String(error.message).split("\n")[0]})`);
        continue;
      }
      failed += 1;
      console.log(`FAIL  ${title}\n${String(error.stack ?? error).replace(/^/gm, "      ")}`);
      await visitor.keep(title);
    } finally {
      await visitor.leave();
    }
  }
}

await browser.close();
server.stop();
if (waiting) console.log(`${waiting} cannot be gone to the end yet: not-yet.txt says why`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
