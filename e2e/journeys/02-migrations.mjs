import { assert, card, cells, run, settled, show, source, write } from "../visitor.mjs";

export default {
  "a changed model is a pending change, then a file, then a column": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await show(page, "models.py");
    const models = await source(page);
    const field = '    subtitle = models.CharField(max_length=200, blank=True, default="")\n';
    const marker = "    pages = models.PositiveIntegerField(default=0)\n";
    await write(page, "models.py", models.replace(marker, marker + field));
    await settled(page);

    await page.click("#tab-migrations");
    const pending = page.locator(".pending");
    assert.match(await pending.innerText(), /Add field subtitle to book/);
    assert.match(await pending.locator(".ddl").innerText(), /CREATE TABLE "new__playground_book"[\s\S]*"subtitle" varchar\(200\) NOT NULL/);
    assert.equal(await page.locator('[id^="file-migrations/0002"]').count(), 0, "nothing is written yet");
    await visitor.shoot(page, "migrations");

    await pending.locator(".write").click();
    await settled(page);
    await page.waitForSelector('[id="file-migrations/0002_book_subtitle.py"]');
    assert.equal(await page.locator(".pending").count(), 0);
    assert.equal(await page.locator(".chain li.here code").first().innerText(), "0001_initial");

    await page.click(".apply-all");
    await settled(page);
    assert.equal(await page.locator(".chain li.here code").first().innerText(), "0002_book_subtitle");

    await page.click("#tab-results");
    await run(page, 'Book.objects.values("title", "subtitle")[:2]\n');
    assert.deepEqual(await cells(card(page, 1)), [["Good Omens", "''"], ["Kindred", "''"]]);

    await page.click("#tab-migrations");
    await page.locator(".chain li", { hasText: "0001_initial" }).getByRole("button", { name: "Go back to here" }).click();
    await settled(page);
    assert.equal(await page.locator(".chain li.here code").first().innerText(), "0001_initial");
    await page.click("#tab-results");
    // The models have the column, the table no longer does: seed.py's rows cannot be written.
    const banner = page.locator(".banner.bad");
    assert.match(await banner.innerText(), /OperationalError[\s\S]*playground_book has no column named subtitle/);
  },
};
