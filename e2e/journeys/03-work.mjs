import { readFile } from "node:fs/promises";
import { assert, card, cells, run, settled, show, source, toEnd, write } from "../visitor.mjs";

const marker = "# my own work\nBook.objects.count()\n";

async function linkOf(page) {
  await page.keyboard.press("Control+S");
  const link = await page.inputValue("#share-link");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  return link;
}

export default {
  "reload keeps the work": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, marker);
    await page.reload();
    await page.waitForSelector(".card");
    assert.equal(await source(page), marker);
    assert.equal(await card(page, 2).locator(".scalar .big").innerText(), "8");
  },

  "a link opens elsewhere as the same project with the same results": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, 'Author.objects.filter(books__pages__gt=300).values("name")\n');
    const expected = await cells(card(page, 1));
    const link = await linkOf(page);
    assert.equal(await linkOf(page), link, "the same project is the same link");

    const other = await visitor.open(link.slice(visitor.address.length));
    await other.waitForSelector(".card");
    await settled(other);
    assert.deepEqual(await cells(card(other, 1)), expected);
    for (const file of ["models.py", "seed.py", "queries.py"]) {
      await show(page, file);
      await show(other, file);
      assert.equal(await source(other), await source(page), file);
    }
  },

  "a link never takes the place of own work without a question": async (visitor) => {
    const giver = await visitor.open();
    await giver.waitForSelector(".card");
    await run(giver, "Store.objects.all()\n");
    const link = await linkOf(giver);

    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, marker);
    const fragment = link.slice(link.indexOf("#"));
    await page.evaluate((fragment) => (location.hash = fragment), fragment);
    await page.click("#keep-mine");
    assert.equal(await source(page), marker);

    await page.evaluate((fragment) => (location.hash = fragment), fragment);
    await page.click("#open-link");
    await settled(page);
    assert.equal(await source(page), "Store.objects.all()\n");

    await page.reload();
    await page.waitForSelector(".card");
    await page.click(".project .tool");
    await page.locator(".works .open").first().waitFor();
    if ((await source(page)) !== marker) await page.locator(".works .open:not([disabled])").first().click();
    await page.waitForFunction(() => document.querySelector(".card .line")?.textContent === "2");
    assert.equal(await source(page), marker);
  },

  "a broken or foreign link says so and loses nothing": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, marker);
    const link = await linkOf(page);
    const fragment = link.slice(link.indexOf("#"));
    const flipped = fragment.slice(0, 60) + (fragment[60] === "A" ? "B" : "A") + fragment.slice(61);
    const cases = [
      [fragment.slice(0, -20), /lost its end/],
      [flipped, /checksum/],
      ["#v7/AAAA", /version 7/],
      ["#code=print(1)", /not an ormscope link/],
      ["#v1/<img src=x onerror=alert(1)>", /changed on its way/],
    ];
    for (const [bad, says] of cases) {
      await page.evaluate((bad) => (location.hash = bad), bad);
      await page.waitForFunction(() => document.querySelector(".notice.bad"));
      assert.match(await page.locator(".notice").innerText(), says);
      await page.getByRole("button", { name: "Close the message" }).click();
      assert.equal(await source(page), marker);
    }
    const fresh = await visitor.open(fragment.slice(0, -20));
    await fresh.waitForSelector(".card");
    assert.match(await fresh.locator(".notice.bad").innerText(), /lost its end/);
  },

  "hostile text in every place stays text": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    const bad = '<img src=x onerror="globalThis.broken=1"></script><script>globalThis.broken=1</script>';
    await page.fill(".project .title", bad);
    await page.keyboard.press("Enter");
    await write(page, "seed.py", `Author.objects.create(name='''${bad}''')\n`);
    await run(page, `Author.objects.all()\nprint('''${bad}''')\nraise ValueError('''${bad}''')\n`);
    for (const tab of ["output", "database", "migrations", "results"]) await page.click(`#tab-${tab}`);
    const link = await linkOf(page);
    const other = await visitor.open(link.slice(visitor.address.length));
    await other.waitForSelector(".card");
    for (const one of [page, other]) {
      assert.equal(await one.evaluate(() => globalThis.broken), undefined);
      assert.equal(await one.locator("img").count(), 0);
    }
  },

  "files are added, imported, renamed, deleted and brought back": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await page.getByRole("button", { name: "New file" }).click();
    await page.keyboard.type("helpers.py");
    await page.keyboard.press("Enter");
    await write(page, "helpers.py", "ANSWER = 42\n");
    await run(page, "from helpers import ANSWER\nANSWER\n");
    assert.equal(await card(page, 2).locator(".scalar .big").innerText(), "42");

    await page.locator('[id="file-helpers.py"]').press("F2");
    await page.keyboard.type("tools.py");
    await page.keyboard.press("Enter");
    await settled(page);
    assert.match(await page.locator(".scroll").innerText(), /No module named 'helpers'/);

    await page.locator('[id="file-tools.py"]').press("Delete");
    await page.waitForFunction(() => !document.getElementById("file-tools.py"));
    await page.getByRole("button", { name: "Undo" }).click();
    await page.waitForSelector('[id="file-tools.py"]');
  },

  "the database is shown and downloaded": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    await page.click("#tab-database");
    await page.getByRole("button", { name: /playground_author 6/ }).click();
    await page.waitForFunction(() => document.querySelector(".table-view .grid")?.innerText.includes("Octavia"));
    await page.locator(".table-head summary").click();
    assert.match(await page.locator(".table-head").innerText(), /varchar\(100\)/);
    await visitor.shoot(page, "database");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download-default")]);
    assert.match(download.suggestedFilename(), /\.sqlite3$/);
    const bytes = await readFile(await download.path());
    assert.equal(bytes.subarray(0, 15).toString(), "SQLite format 3");
  },

  "printed text is shown with the line that printed it": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, 'print("one")\nfor n in range(2):\n    print("again", n)\n');
    await page.click("#tab-output");
    assert.match(await page.locator(".printed").innerText(), /one[\s\S]*again 0\s+again 1/);
    assert.match(await page.locator(".printed").innerText(), /queries\.py:1/);
  },
};
