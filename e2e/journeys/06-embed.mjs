import { assert, cells, settled, source } from "../visitor.mjs";

export default {
  "a documentation page runs its snippets on one engine": async (visitor) => {
    const page = await visitor.open("guide/");
    assert.equal(await page.locator("ormscope-embed").count(), 3);
    assert.match(await page.locator("ormscope-embed pre").first().innerText(), /Author\.objects\.annotate/);
    assert.ok(!(await page.locator("main").innerText()).includes("class Author"), "models are hidden");
    assert.equal(page.workers().length, 0, "no engine before a click");
    assert.equal(page.frames().length, 1);

    const embeds = page.locator("ormscope-embed");
    for (const index of [0, 1, 2]) {
      await embeds.nth(index).getByRole("button", { name: "Run" }).click();
      const frame = embeds.nth(index).frameLocator("iframe");
      await frame.locator(".card .rows").waitFor();
    }
    const first = embeds.nth(0).frameLocator("iframe");
    assert.deepEqual(await cells(first.locator(".card").first()), [["Ursula K. Le Guin", "2"], ["Stanisław Lem", "1"]]);
    const second = embeds.nth(1).frameLocator("iframe");
    assert.deepEqual((await cells(second.locator(".card").first()))[0], ["Ursula K. Le Guin", "3", "3"]);
    const workers = page.frames().length;
    assert.equal(workers, 5, "three embeds and one engine frame");
    assert.equal(page.workers().length, 1, "one engine");

    // High enough for what it holds.
    await page.waitForTimeout(300);
    const cut = await embeds.nth(0).locator("iframe").evaluate((frame) => frame.clientHeight);
    assert.ok(cut > 200, `${cut} px high`);
    await visitor.shoot(page, "embed");

    const link = first.locator("#open-in-playground");
    const [playground] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    playground.setDefaultTimeout(20_000);
    await playground.waitForSelector(".card .rows");
    await settled(playground);
    assert.match(await source(playground), /Author\.objects\.annotate\(Count\("books"\)\)/);
    assert.deepEqual(await cells(playground.locator(".card").first()), [["Ursula K. Le Guin", "2"], ["Stanisław Lem", "1"]]);
  },

  "the static link of an embed is a project, too": async (visitor) => {
    const page = await visitor.open("guide/");
    const link = page.locator("ormscope-embed").nth(2).getByRole("link", { name: "Open in playground" });
    await page.waitForFunction(() => document.querySelectorAll("ormscope-embed")[2].link);
    const [playground] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    playground.setDefaultTimeout(20_000);
    await playground.waitForSelector(".card .rows");
    assert.match(await source(playground), /distinct=True/);
  },

  "a plain iframe runs by itself": async (visitor) => {
    const giver = await visitor.open("guide/");
    await giver.waitForFunction(() => document.querySelectorAll("ormscope-embed")[0].link);
    const fragment = await giver.evaluate(() => document.querySelectorAll("ormscope-embed")[0].link);
    const page = await visitor.open(`embed.html?theme=dark${fragment}`);
    await page.waitForSelector(".card .rows");
    assert.deepEqual((await cells(page.locator(".card").first()))[0], ["Ursula K. Le Guin", "2"]);
  },
};
