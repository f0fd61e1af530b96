// The rival: real Django on Pyodide, on the plainest of pages (rival/).

import { ASKED, freshWindow } from "./window.mjs";

/** A page in a fresh profile, with what it fetched and when its first
 *  results came. */
export async function open(browser, address, project) {
  const { context, page, fetched } = await freshWindow(browser);
  await page.addInitScript((project) => (window.project = project), project);
  await page.goto(address);
  await page.waitForFunction(() => window.started !== undefined, null, { timeout: 60_000, polling: ASKED });
  const first = await page.evaluate(() => window.started);
  return { context, page, fetched, first, files: { ...project } };
}

/** Another project; nothing of it is timed. */
export async function give(rival, project) {
  rival.files = { ...project };
  await rival.page.evaluate((files) => window.rerun(files), rival.files);
}

/** Adds to a file's last line; milliseconds until the results are in the page. */
export async function type(rival, file, text) {
  rival.files[file] += text;
  return rival.page.evaluate((files) => window.rerun(files), rival.files);
}

/** Which Python, Django and SQLite it has. */
export const versions = ({ page }) =>
  page.evaluate(() => {
    const { python, django, sqlite } = window.answer;
    return `CPython ${python}, Django ${django}, SQLite ${sqlite}`;
  });

/** What every statement that shows something came to: see `facts` of ours. */
export const facts = ({ page }) =>
  page.evaluate(() =>
    window.answer.cards.map(({ line, queries, rows }) => ({
      line,
      rows: rows?.length ?? null,
      sql: queries.map(([sql]) => sql),
    })),
  );
