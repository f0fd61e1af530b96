import { assert, card, eventually, run, settled, show, source, write } from "../visitor.mjs";

/** Writes a script that never ends by itself and waits until it is stopped. */
async function stopped(page, code, line) {
  await write(page, "queries.py", code);
  const begun = Date.now();
  await page.waitForFunction(
    () => document.querySelector("#halted") || /(Stopped|ran too long|Interrupt|memory)/i.test(document.querySelector(".banner.bad, .raised")?.innerText ?? ""),
    null,
    { timeout: 15_000 },
  );
  const taken = Date.now() - begun;
  const text = await page.locator("#halted, .banner.bad, .card.exception").first().innerText();
  assert.ok(taken < 5_600, `stopped after ${taken} ms`);
  assert.ok(text.includes(`:${line}`) || text.startsWith(`${line}\n`), `says its line: ${text}`);
}

export default {
  "a loop without end is stopped at its line, and the next edit works": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    await stopped(page, "Book.objects.count()\nwhile True: pass\n", 2);
    await page.waitForFunction(() => {
      const message = document.querySelector("#halted, .banner.bad, .card.exception")?.getBoundingClientRect();
      return message && message.top >= 0 && message.bottom <= innerHeight;
    });
    await visitor.shoot(page, "stopped");
    await run(page, "Book.objects.count()\n");
    assert.equal(await card(page, 1).locator(".scalar .big").innerText(), "8");
    assert.equal(await source(page), "Book.objects.count()\n");
  },

  "a script that eats all memory is stopped at its line, and the next edit works": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    await stopped(page, 'hoard = []\nBook.objects.count()\nwhile True: hoard.append("x" * 50_000_000)\n', 3);
    await run(page, "Author.objects.count()\n");
    assert.equal(await card(page, 1).locator(".scalar .big").innerText(), "6");
    assert.equal(await page.locator("#halted").count(), 0, "the message is gone with the next run");
  },

  "an engine that dies is replaced by another, and it is said": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    const [before] = page.workers();
    // Memory eaten in pieces too small for Python to notice: the engine traps.
    await stopped(page, "Book.objects.count()\nhoard = [[n] for n in range(10**9)]\n", 2);
    assert.match(await page.locator("#halted").innerText(), /Stopped\.[\s\S]*The engine has started anew/);
    await run(page, "Author.objects.count()\n");
    assert.equal(await card(page, 1).locator(".scalar .big").innerText(), "6");
    await eventually(() => page.workers().length === 1 && page.workers()[0] !== before, "another worker");
  },

  "a newer edit does not wait for a slow run": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    await write(page, "queries.py", "while True: pass\n");
    await page.waitForTimeout(400);
    const begun = Date.now();
    await run(page, "Book.objects.count()\n");
    assert.ok(Date.now() - begun < 3_500, `took ${Date.now() - begun} ms`);
    assert.equal(await card(page, 1).locator(".scalar .big").innerText(), "8");
  },

  "what a system check finds is said at its field": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await write(page, "models.py", 'from django.db import models\n\n\nclass A(models.Model):\n    b = models.ForeignKey("Nobody", models.CASCADE)\n');
    await settled(page);
    const banner = page.locator(".banner.bad").first();
    assert.match(await banner.innerText(), /fields\.E300[\s\S]*playground\.A\.b: Field defines a relation with model 'Nobody'[\s\S]*models\.py:5/);
    assert.ok(await page.locator("#editor .cm-lintRange-error").count());
    await show(page, "queries.py");
    await banner.getByRole("button", { name: "models.py:5" }).click();
    await page.waitForFunction(() => document.getElementById("file-models.py")?.getAttribute("aria-selected") === "true");
  },

  "a dialect that is not there yet is named, and no other is shown for it": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    // The menu does not offer it; a link can ask for it.
    const choose = (name) =>
      page.locator("select.dialect").evaluate((menu, name) => {
        menu.value = name;
        menu.dispatchEvent(new Event("change", { bubbles: true }));
      }, name);
    assert.equal(await page.locator("select.dialect option:disabled").count(), 2);
    await choose("postgresql");
    await settled(page);
    await page.waitForSelector(".banner.bad");
    assert.match(await page.locator(".banner.bad").first().innerText(), /NotImplementedError[\s\S]*PostgreSQL/);
    assert.equal(await page.locator(".card").count(), 0);
    await choose("sqlite");
    await settled(page);
    await page.waitForSelector(".card");
    assert.equal(await page.locator(".banner.bad").count(), 0);
  },

  "an unknown import names the module": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, "import pandas\n");
    assert.match(await page.locator(".scroll").innerText(), /ModuleNotFoundError[\s\S]*No module named 'pandas'/);
    await show(page, "models.py");
  },
};
