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

  "an embed loads when its page says, fits its height and follows its theme": async (visitor) => {
    const page = await visitor.open("guide/");
    // Another page of the same host, with a snippet at its top and one far below.
    await page.route("**/host.html", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<!doctype html><html data-theme="light"><style>html { background: #fff } html[data-theme=dark] { background: #111 }</style>
          <script src="embed.js" defer></script>
          <ormscope-project hidden><pre data-file="models.py">
            from django.db import models
            class Cat(models.Model):
                name = models.CharField(max_length=20, null=True)
          </pre></ormscope-project>
          <ormscope-embed loading="eager"><pre>[Cat.objects.create(), Cat.objects.all()]</pre></ormscope-embed>
          <p style="height: 3000px"></p>
          <ormscope-embed loading="lazy"><pre>Cat.objects.count()</pre></ormscope-embed>`,
      }),
    );
    await page.goto(`${visitor.address}host.html`);
    const [eager, lazy] = [page.locator("ormscope-embed").nth(0), page.locator("ormscope-embed").nth(1)];
    const inside = eager.frameLocator("iframe");
    await inside.locator(".card").first().waitFor();
    assert.equal(await lazy.locator("iframe").count(), 0, "not yet in view");
    const ground = () => inside.locator("body").evaluate((body) => getComputedStyle(body).colorScheme + getComputedStyle(body).backgroundColor);
    const light = await ground();
    await page.evaluate(() => (document.documentElement.dataset.theme = "dark"));
    await inside.locator("html[data-theme=dark]").waitFor({ state: "attached" }).catch(() => {});
    assert.notEqual(await ground(), light, "the theme is the page's");
    const high = () =>
      eager.locator("iframe").evaluate((frame) => frame.clientHeight - frame.contentDocument.documentElement.scrollHeight);
    await page.waitForTimeout(300);
    assert.ok(Math.abs(await high()) <= 4, `${await high()} px too high`);
    await lazy.scrollIntoViewIfNeeded();
    const second = lazy.frameLocator("iframe");
    await second.locator(".card .scalar .big").waitFor();
    assert.equal(await second.locator(".card .scalar .big").innerText(), "0");
    assert.equal(page.workers().length, 1, "one engine");
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
