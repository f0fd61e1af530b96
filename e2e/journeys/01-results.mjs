import { assert, card, cells, run, settled, show, source, sql, toEnd, write } from "../visitor.mjs";

export default {
  "the page opens with the results of an example": async (visitor) => {
    const page = await visitor.open("", { colorScheme: "dark" });
    await page.waitForSelector(".card");
    await settled(page);
    const first = card(page, 4);
    assert.deepEqual(
      (await cells(first)).map((row) => row[1]),
      ["Good Omens", "Mort"],
    );
    assert.match(await sql(first), /^SELECT .* INNER JOIN "playground_author" ON .* LIKE 'Terry%' ESCAPE '\\' ORDER BY/);
    assert.match(await first.locator(".joins svg").getAttribute("aria-label"), /INNER JOIN playground\.Author/);
    assert.match(await first.locator(".plan").innerText(), /EXPLAIN QUERY PLAN/);
    assert.equal(await page.locator(".card.idle .not-run").first().innerText(), "not evaluated yet");
    assert.ok((await page.locator(".banner.bad, .card.exception").count()) === 0);
    await visitor.shoot(page, "results-dark");
  },

  "a queryset typed letter by letter has a card that follows": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, "");
    await toEnd(page, "queries.py");
    const typed = 'Book.objects.filter(title__startswith="S")';
    let seen = 0;
    for (const [index, letter] of [...typed].entries()) {
      await page.keyboard.type(letter, { delay: 25 });
      if (index % 9 === 8) await settled(page); // a pause to look
      seen += (await page.locator(".card, .banner.bad").count()) > 0 ? 1 : 0;
    }
    await settled(page);
    const only = card(page, 1);
    assert.deepEqual((await cells(only)).map((row) => row[1]), ["Solaris"]);
    await page.keyboard.type(".count()", { delay: 25 });
    await settled(page);
    assert.equal(await only.locator(".scalar .big").innerText(), "1");
    assert.ok(seen > 0, "something was shown on the way");
  },

  "a line and its card select each other": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    await card(page, 22).locator("header").click();
    assert.match(await card(page, 22).getAttribute("class"), /selected/);
    await page.locator("#editor .cm-line").nth(3).click();
    await page.waitForFunction(() => document.querySelector(".card.selected .line")?.textContent === "4");
  },

  "parameters are bound or inline on a switch": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    const first = card(page, 4);
    await first.getByRole("switch").click();
    assert.match(await sql(first), /LIKE %s ESCAPE/);
    assert.match(await first.locator(".params").innerText(), /Terry%/);
    await first.getByRole("switch").click();
    assert.match(await sql(first), /LIKE 'Terry%'/);
    await first.getByRole("button", { name: "Copy SQL" }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /LIKE 'Terry%'/);
  },

  "an exception stands at its line and hides no card above it": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, 'Book.objects.count()\nBook.objects.filter(titel="x")\nBook.objects.all()\n');
    assert.equal(await card(page, 1).locator(".scalar .big").innerText(), "8");
    const raised = card(page, 2).locator(".raised");
    assert.match(await raised.innerText(), /FieldError/);
    assert.match(await raised.innerText(), /Cannot resolve keyword 'titel' into field\. Choices are:/);
    await raised.locator("summary").click();
    assert.match(await raised.locator("pre").innerText(), /Traceback \(most recent call last\):/);
    await page.waitForSelector("#editor .cm-lintRange-error");
    await visitor.shoot(page, "exception");
  },

  "a syntax error is said at its place, and nothing is lost": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, "Book.objects.filter(\nBook.objects.count()\n");
    assert.match(await page.locator(".banner.bad").first().innerText(), /SyntaxError/);
    await page.waitForSelector("#editor .cm-lintRange-error");
    await write(page, "models.py", "from django.db import models\nclass Broken(models.Model:\n");
    await settled(page);
    assert.match(await page.locator(".banner.bad").first().innerText(), /SyntaxError[\s\S]*models\.py:2/);
    await show(page, "queries.py");
    assert.match(await source(page), /Book\.objects\.filter\(/);
  },

  "ten thousand rows are a table that scrolls": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, '[{"number": n, "half": n / 2, "text": None} for n in range(10_000)]\n');
    const grid = card(page, 1).locator(".rows .grid");
    assert.ok((await grid.locator("tbody tr").count()) < 200);
    const begun = Date.now();
    await grid.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.waitForFunction(() => document.querySelector(".rows tbody")?.innerText.includes("9999"));
    assert.ok(Date.now() - begun < 1_000);
    assert.equal(await grid.locator(".v-null").first().innerText(), "NULL");
  },

  "ten thousand instances are shown without a stall": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await write(page, "seed.py", 'Author.objects.bulk_create(Author(name=f"n{n}") for n in range(10_000))\n');
    await settled(page);
    // Longest time without a frame while results arrive and while they are scrolled.
    await page.evaluate(() => {
      window.longest = 0;
      let before = performance.now();
      const frame = (now) => {
        window.longest = Math.max(window.longest, now - before);
        before = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await run(page, 'Author.objects.order_by("-id")\n');
    const grid = card(page, 1).locator(".rows .grid");
    assert.match(await card(page, 1).locator(".foot").innerText(), /10\D?000 rows/);
    for (const at of [0.2, 0.4, 0.6, 0.8, 1]) {
      await grid.evaluate((element, at) => element.scrollTo(0, element.scrollHeight * at), at);
      await page.waitForTimeout(60);
    }
    assert.deepEqual((await cells(card(page, 1))).at(-1), ["1", "n0", "NULL"]);
    const longest = await page.evaluate(() => window.longest);
    assert.ok(longest < 700, `${longest} ms without a frame`);
  },

  "values have their types, and nothing is mistaken for NULL": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(
      page,
      `import datetime, decimal, uuid
Author.objects.values("name", "born").filter(name="Homer")
{"a": [1, None, "NULL"], "b": Author.objects.get(name="Homer")}
decimal.Decimal("1.50")
"None"
None
Book.objects.values_list("price", "published")[:1]
Author.objects.filter(pk=1).explain()
`,
    );
    assert.deepEqual(await cells(card(page, 2)), [["Homer", "NULL"]]);
    assert.equal(await card(page, 2).locator(".v-null").count(), 1);
    assert.match(await card(page, 3).locator(".value").innerText(), /list of 3[\s\S]*int[\s\S]*None[\s\S]*'NULL'\s*str[\s\S]*born[\s\S]*NULL[\s\S]*DateField/);
    assert.match(await card(page, 4).innerText(), /Decimal\('1\.50'\)\s*Decimal/);
    assert.match(await card(page, 5).innerText(), /'None'\s*str/);
    assert.match((await card(page, 7).locator("thead").innerText()).replace(/\s+/g, " "), /price DecimalField published DateField/);
    assert.match(await card(page, 8).innerText(), /SEARCH playground_author/);
  },

  "the graph shows queries inside queries, in words as well; the plan tells scans": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    const graph = card(page, 16).locator(".joins");
    assert.equal(await graph.locator("g.inner").count(), 2);
    assert.equal(await graph.locator("g.outer").count(), 2);
    assert.equal(await graph.locator("g.node").count(), 4);
    const words = await graph.locator("figcaption").textContent();
    assert.match(words, /Exists[\s\S]*Review[\s\S]*LEFT OUTER JOIN[\s\S]*Store_books/);
    assert.equal(await graph.locator("svg").getAttribute("aria-label"), words);
    const plan = card(page, 16).locator(".plan");
    await plan.locator("summary").click();
    assert.match(await plan.innerText(), /SCAN playground_book/);
    const many = card(page, 4).locator(".joins .edge").first();
    assert.match(await many.textContent(), /INNER · many[\s\S]*id = book_id/);
  },

  "every example runs": async (visitor) => {
    const page = await visitor.open();
    for (const name of ["bookstore", "blog", "social", "sales", "categories", "documents"]) {
      await page.click(".project .tool");
      await page.click(`#example-${name}`);
      await settled(page);
      assert.equal(await page.locator(".banner.bad").count(), 0, name);
      const raised = await page.locator(".card.exception strong").allTextContents();
      const expected = { blog: ["DoesNotExist"], social: ["IntegrityError"], sales: ["ProtectedError"] };
      assert.deepEqual(raised, expected[name] ?? [], name);
      if (name === "social") await visitor.shoot(page, "joins");
    }
  },
};
