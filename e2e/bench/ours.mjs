// The page: opened, edited as by a visitor, and asked what it shows.

import { settled, show, write } from "../visitor.mjs";
import { ASKED, freshWindow } from "./window.mjs";

/** Milliseconds without typing before a run: crates/ui waits so long. */
export const DEBOUNCE = 120;

/** Notes in the page when results come, and how long they took. */
function watch() {
  window.firstResult = null;
  window.gotResults = () => {};
  let edited = null;
  let revision = null;
  new MutationObserver(() => {
    const panels = document.querySelector(".panels[data-revision]");
    if (!panels) return;
    const now = performance.now();
    const { revision: written, reported } = panels.dataset;
    if (written !== revision) {
      revision = written;
      edited = now;
    }
    if (written === reported && edited !== null) {
      if (window.firstResult === null) {
        if (!document.querySelector(".card")) return;
        window.firstResult = now;
      } else {
        window.gotResults(now - edited);
      }
      edited = null;
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-revision", "data-reported"] });
}

/** A page in a fresh profile, with what it fetched and when results came. */
export async function open(browser, address) {
  const { context, page, fetched } = await freshWindow(browser);
  await page.addInitScript(watch);
  await page.goto(address);
  await page.waitForFunction(() => window.firstResult !== null, null, { timeout: 60_000, polling: ASKED });
  const first = await page.evaluate(() => window.firstResult);
  return { context, page, fetched, first };
}

/** When the page painted, and what had come by then. */
export async function painted({ page, fetched }) {
  const [paint, start] = await page.evaluate(() => [
    performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    performance.timeOrigin,
  ]);
  const early = fetched.filter(({ end }) => end.startTime + end.responseEnd - start < paint);
  return { paint, paths: new Set(early.map(({ path }) => path)) };
}

/** Writes a whole project, without what is left of the one before. */
export async function give({ page }, project) {
  for (const left of await page.locator('[id^="file-migrations/"]').all()) await left.press("Delete");
  for (const [file, text] of Object.entries(project)) await write(page, file, text);
  await settled(page);
  if (await page.locator(".banner.bad, .card.exception").count()) throw new Error(await page.locator(".scroll").innerText());
}

/** Goes where edits are to be typed: into a comment at a file's end. */
export async function begin({ page }, file) {
  await show(page, file);
  await page.locator("#editor .cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("#");
  await settled(page);
}

/** Types; milliseconds from the end of the debounce to the new results. */
export async function type({ page }, text) {
  // The page tells when it has them: to be asked in every frame would keep it busy.
  await page.evaluate(() => {
    window.results = new Promise((got, failed) => {
      window.gotResults = got;
      setTimeout(() => failed(new Error("an edit had no results")), 20_000);
    });
  });
  await page.keyboard.type(text);
  return Math.max(0, (await page.evaluate(() => window.results)) - DEBOUNCE);
}

/** Milliseconds that the engine worked for the last results, as the page says. */
export async function worked({ page }) {
  const text = await page.locator(".meters div:last-child dd").textContent();
  const [, number, unit] = /^([\d.]+)\s*(µs|ms|s)$/.exec(text.trim()) ?? [];
  const factor = { µs: 0.001, ms: 1, s: 1000 }[unit];
  if (factor === undefined) throw new Error(`not a time: ${text}`);
  return Number(number) * factor;
}

/** What every card came to: its line, how many rows it shows, its SQL. */
export async function facts({ page }) {
  if ((await page.locator(".card .switch[aria-checked=true]").count()) === 0) await page.locator(".card .switch").first().click();
  return page.locator(".card").evaluateAll((cards) =>
    cards.map((card) => {
      const rows = card.querySelector(".rows table")?.getAttribute("aria-rowcount");
      const value = card.querySelector(".value");
      return {
        line: Number(card.querySelector(".line").textContent),
        rows: rows ? rows - 1 : value && (value.classList.contains("none") ? 0 : 1),
        sql: [...card.querySelectorAll(".query pre.sql")].map((sql) => sql.textContent),
      };
    }),
  );
}

/** Milliseconds until a script that would not end by itself is stopped. */
export async function stopped({ page }, script, after) {
  await write(page, "queries.py", script);
  const begun = await page.evaluate(() => performance.now());
  const ended = await page.waitForFunction(
    () => document.querySelector("#halted, .banner.bad, .card.exception") && performance.now(),
    null,
    { timeout: 30_000 },
  );
  const taken = (await ended.jsonValue()) - begun;
  await write(page, "queries.py", after);
  await settled(page);
  return taken;
}
