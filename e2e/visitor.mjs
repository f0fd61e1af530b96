// Somebody who uses the page: opens it, types, looks.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { small } from "./picture.mjs";

/** Long enough for a first start on a slow machine. */
const PATIENCE = Number(process.env.ORMSCOPE_PATIENCE ?? 20_000);

export class Visitor {
  constructor(browser, address, shots) {
    this.browser = browser;
    this.address = address;
    this.shots = shots;
    this.contexts = [];
    this.troubles = [];
  }

  /** A page in a fresh profile. */
  async open(path = "", options = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: "light",
      permissions: ["clipboard-read", "clipboard-write"],
      ...options,
    });
    this.contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    this.watch(page);
    context.on("page", (other) => this.watch(other));
    await page.goto(this.address + path);
    return page;
  }

  watch(page) {
    if (page.isWatched) return;
    page.isWatched = true;
    const trouble = (text) => this.troubles.push(text);
    page.on("console", (message) => message.type() === "error" && trouble(`console: ${message.text()}`));
    page.on("pageerror", (error) => trouble(`error: ${error.message}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(new URL(this.address).origin) && !/^(data|blob|about):/.test(url)) {
        trouble(`asked for ${url}`);
      }
    });
  }

  assertClean() {
    assert.deepEqual(this.troubles, []);
  }

  /** A picture for the documentation. */
  async shoot(page, name, options = {}) {
    await mkdir(this.shots, { recursive: true });
    await writeFile(join(this.shots, `${name}.png`), small(await page.screenshot(options)));
  }

  /** A picture of a journey that failed. */
  async keep(title) {
    const page = this.contexts.at(-1)?.pages().at(-1);
    const name = title.replace(/[^a-z0-9]+/gi, "-").slice(0, 60);
    await page?.screenshot({ path: `/tmp/ormscope-e2e-${name}.png` }).catch(() => {});
  }

  async leave() {
    for (const context of this.contexts) await context.close().catch(() => {});
  }
}

/** Waits until something holds that is not there at once. */
export async function eventually(check, words) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    if (await check()) return;
    await new Promise((go) => setTimeout(go, 50));
  }
  assert.fail(words);
}

/** Waits until the results are those of what is written. */
export async function settled(page) {
  await page.waitForTimeout(160);
  await page.waitForFunction(() => {
    const panels = document.querySelector(".panels[data-revision]");
    return panels && panels.dataset.revision === panels.dataset.reported;
  });
}

/** Shows a file. */
export async function show(page, path) {
  await page.click(`[id="file-${path}"]`);
  await page.waitForFunction(
    (path) => document.getElementById(`file-${path}`)?.getAttribute("aria-selected") === "true",
    path,
  );
}

const content = (page) => page.locator("#editor .cm-content");

/** The text in the editor, as CodeMirror holds it. */
export async function source(page) {
  return content(page).evaluate((element) => element.cmTile?.view?.state.doc.toString() ?? element.cmView?.view?.state.doc.toString() ?? element.innerText);
}

/** Replaces a file's whole text. */
export async function write(page, path, text) {
  await show(page, path);
  await content(page).click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

/** Goes to the end of a file. */
export async function toEnd(page, path) {
  await show(page, path);
  await content(page).click();
  await page.keyboard.press("Control+End");
}

/** Replaces the live script and waits for its results. */
export async function run(page, code) {
  await write(page, "queries.py", code);
  await settled(page);
}

/** The card of a line. */
export function card(page, line) {
  return page.locator(".card", { has: page.locator(`.line:text-is("${line}")`) });
}

/** The cells of a card's table, row by row, without row numbers. */
export async function cells(card) {
  return card.locator(".rows tbody tr:not(.spacer)").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("td:not(.number, .filler)")].map((cell) => cell.textContent)),
  );
}

/** A query's SQL on one line. */
export async function sql(card, index = 0) {
  const text = await card.locator(".query pre.sql").nth(index).textContent();
  return text.replace(/\s+/g, " ").trim();
}

export { assert };
