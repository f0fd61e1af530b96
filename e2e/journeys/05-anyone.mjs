import { assert, card, eventually, settled } from "../visitor.mjs";

const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

export default {
  "colours follow the system and the switch": async (visitor) => {
    const page = await visitor.open("", { colorScheme: "light" });
    await page.waitForSelector(".card");
    await settled(page);
    const light = await ground(page);
    await visitor.shoot(page, "results-light");
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await ground(page);
    assert.notEqual(light, dark);
    await page.click("#theme");
    assert.equal(await ground(page), light, "system → light");
    await page.click("#theme");
    assert.equal(await ground(page), dark, "light → dark");
    await page.reload();
    await page.emulateMedia({ colorScheme: "light" });
    await page.waitForSelector(".card");
    assert.equal(await ground(page), dark, "the choice is kept");
  },

  "all of it fits 375 pixels": async (visitor) => {
    const page = await visitor.open("", {
      viewport: { width: 375, height: 720 },
      colorScheme: "dark",
      hasTouch: true,
      isMobile: true,
    });
    const fits = async (what) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 375, `${what} is ${width} wide`);
    };
    await page.waitForSelector(".editor .cm-content");
    await settled(page);
    await fits("code");
    for (const panel of ["results", "output", "database", "migrations"]) {
      await page.tap(`#tab-${panel}`);
      await page.waitForSelector(`#panel-${panel}`);
      await fits(panel);
      if (panel === "results") await visitor.shoot(page, "narrow");
    }
    await page.tap("#share");
    await fits("share");
    await page.keyboard.press("Escape");
    await page.getByRole("tab", { name: "Code" }).tap();
    await page.waitForSelector(".source:visible");
  },

  "the keyboard is enough": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    // From the top of the page by Tab alone: head, tabs, editor, panels, cards.
    const met = new Set();
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const found = document.activeElement;
        return found?.id || found?.className?.toString().split(" ")[0] || found?.tagName || "";
      });
      met.add(at);
      if (at === "editor") {
        await page.keyboard.press("Escape");
      }
    }
    for (const wanted of ["share", "theme", "file-queries.py", "editor", "splitter", "tab-results", "card-0"]) {
      assert.ok(met.has(wanted), `Tab reaches ${wanted}; it met ${[...met].join(", ")}`);
    }
    // Cards by Alt+arrows, a line by Enter.
    await page.focus("#card-0");
    await page.keyboard.press("Alt+ArrowDown");
    await page.keyboard.press("Alt+ArrowDown");
    await eventually(async () => /selected/.test(await card(page, 7).getAttribute("class")), "the second card is selected");
    // Panels and back to the editor.
    await page.keyboard.press("Alt+3");
    await page.waitForSelector("#panel-database");
    await page.keyboard.press("Alt+1");
    await page.waitForSelector("#panel-results");
    // Type into the editor without having touched the mouse.
    await page.focus("#tab-results");
    await page.keyboard.press("Alt+0");
    await page.keyboard.press("Control+End");
    await page.keyboard.type("Store.objects.count()\n");
    await settled(page);
    assert.equal(await page.locator(".card").last().locator(".scalar .big").textContent(), "3");
    await page.keyboard.press("F1");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    await page.keyboard.press("Control+S");
    await page.waitForSelector("#share-link");
  },

  "pictures have words, and every control a name": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card .joins");
    await settled(page);
    const nameless = await page.evaluate(() => {
      const label = (element) =>
        element.getAttribute("aria-label") || element.textContent?.trim() || element.title || element.placeholder;
      return [...document.querySelectorAll("button, input, select, a, [role=img]")]
        .filter((element) => !label(element))
        .map((element) => element.outerHTML.slice(0, 120));
    });
    assert.deepEqual(nameless, []);
  },
};
