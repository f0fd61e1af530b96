import { assert, card, eventually, run, settled } from "../visitor.mjs";

const QUERY = 'Book.objects.filter(publisher__city="London").order_by("title")\n';

/** What is lit in the editor. */
const emphasis = async (page) => (await page.locator("#editor .emphasis").allInnerTexts()).join("");

/** What is lit of a card's SQL. */
const lit = async (of) => (await of.locator(".sql .lit").allInnerTexts()).join(" ");

export default {
  "a piece of SQL lights the Python it came from, and its join": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, QUERY);
    const only = card(page, 1);
    await only.locator(".sql .traced", { hasText: "London" }).first().hover();
    await page.waitForSelector("#editor .emphasis");
    assert.match(await emphasis(page), /publisher__city="London"/);
    assert.doesNotMatch(await emphasis(page), /order_by/);
    assert.match(await lit(only), /INNER JOIN/);
    assert.match(await lit(only), /London/);
    assert.doesNotMatch(await lit(only), /ORDER BY/);
    assert.equal(await only.locator(".joins .edge.lit").count(), 1);
    await visitor.shoot(page, "why");
    await only.locator(".sql .traced", { hasText: "ASC" }).last().hover();
    await eventually(async () => /title/.test(await emphasis(page)), "the ordering is lit");
    assert.equal(await only.locator(".joins .edge.lit").count(), 0);
  },

  "Python under the pointer lights its SQL, and so do the arrow keys": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, QUERY);
    await settled(page);
    const only = card(page, 1);
    const line = page.locator("#editor .cm-line").first();
    const place = await line.evaluate((element) => {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.data.indexOf("publisher__");
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(node, at + 2);
        range.setEnd(node, at + 3);
        const { x, y, height } = range.getBoundingClientRect();
        return { x: x + 1, y: y + height / 2 };
      }
    });
    await page.mouse.move(place.x, place.y);
    await only.locator(".sql .lit").first().waitFor();
    assert.match(await lit(only), /INNER JOIN/);
    await page.mouse.move(2, 2);
    await only.locator("pre.sql").focus();
    const seen = new Set();
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press("ArrowRight");
      seen.add(await lit(only));
    }
    assert.ok([...seen].some((text) => /ORDER BY|ASC/.test(text)), [...seen].join(" | "));
    assert.ok([...seen].some((text) => /London/.test(text)));
  },
};
