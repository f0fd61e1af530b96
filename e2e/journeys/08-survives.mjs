// What is thrown at the page, and that it is still there afterwards.

import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, card, run, settled, show, source, write } from "../visitor.mjs";

const examples = join(dirname(fileURLToPath(import.meta.url)), "../../www/examples");

/** Texts that are not what a file should hold. */
const TEXTS = [
  "\u0000\u0001\ufffe\ud83d\ude00",
  `x = ${"(".repeat(3_000)}${")".repeat(3_000)}\n`,
  `x = ${"[".repeat(100)}\n`,
  `x = ${"-".repeat(20_000)}1\n`,
  `f"{f"{f"{`,
  "def f(:\n\treturn\n  x\n",
  "class A(A): pass\n",
  "raise SystemExit(3)\n",
  "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()\n",
  "import queries, models, seed\n",
  "del __builtins__\nprint('x')\n",
  "from django.db import connection\nconnection.close()\nconnection.cursor().execute('DROP TABLE playground_book')\n",
  "\r\r\r\n\t\u2028\u00a0x = 1\n",
  `s = '''${"<b>&amp;".repeat(20_000)}`,
];

/** Waits until what is written has an answer, if that is that it was stopped. */
async function answered(page) {
  await page.waitForTimeout(160);
  await page.waitForFunction(() => {
    const panels = document.querySelector(".panels[data-revision]");
    return panels && (panels.dataset.revision === panels.dataset.reported || document.querySelector("#halted"));
  });
}

export default {
  "any text in any file leaves a page that works": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await settled(page);
    for (const file of ["queries.py", "models.py", "seed.py", "migrations/0001_initial.py"]) {
      await show(page, file);
      const good = await source(page);
      for (const text of TEXTS) {
        await write(page, file, text);
        await answered(page);
        assert.ok(await page.locator(".banner, .card, .empty").count(), `something is shown for ${file}: ${text.slice(0, 40)}`);
        assert.ok((await source(page)).length > 1, "the text is still there");
      }
      await write(page, file, good);
      await settled(page);
      assert.equal(await page.locator(".banner.bad").count(), 0, `${file} as it was works as it did`);
    }
    await run(page, "Book.objects.count()\n");
    assert.equal(await card(page, 1).locator(".scalar .big").innerText(), "8");
  },

  "links that were changed on their way are survived": async (visitor) => {
    const page = await visitor.open();
    await page.waitForSelector(".card");
    await run(page, "# mine\nBook.objects.count()\n");
    await page.click("#share");
    const link = await page.inputValue("#share-link");
    await page.keyboard.press("Escape");
    const good = link.slice(link.indexOf("#"));
    const bad = [good.slice(0, 5), `${good}AAAA`, `#v1/${"A".repeat(2_100_000)}`, "#v1/", "#v99999999999/AAAA", `${good}%00`];
    for (let at = 4; at < good.length; at += 211) {
      bad.push(good.slice(0, at), good.slice(0, at) + (good[at] === "x" ? "y" : "x") + good.slice(at + 1));
    }
    bad.push(`#v1/${await bomb()}`);
    for (const fragment of bad) {
      await page.evaluate((fragment) => (location.hash = fragment), fragment);
      await page.waitForSelector(".notice.bad");
      await page.getByRole("button", { name: "Close the message" }).click();
      await page.waitForSelector(".notice.bad", { state: "detached" });
    }
    assert.equal(await source(page), "# mine\nBook.objects.count()\n");
    await run(page, "Book.objects.count()\n");
    assert.equal(await card(page, 1).locator(".scalar .big").innerText(), "8");
  },

  "the page allows no script and no request that is not its own": async (visitor) => {
    // Not watched: what is tried here is meant to be refused.
    const context = await visitor.browser.newContext();
    visitor.contexts.push(context);
    const page = await context.newPage();
    for (const path of ["", "embed.html"]) {
      await page.goto(visitor.address + path);
      const policy = await page.getAttribute('meta[http-equiv="Content-Security-Policy"]', "content");
      assert.match(policy, /default-src 'none'/, path);
      assert.ok(!/unsafe-inline|unsafe-eval(?!')|\*|https?:/.test(policy.replace("'wasm-unsafe-eval'", "")), policy);
      const tried = await page.evaluate(async () => {
        const script = document.createElement("script");
        script.textContent = "globalThis.ran = true";
        document.body.append(script);
        const button = document.createElement("button");
        button.setAttribute("onclick", "globalThis.ran = true");
        document.body.append(button);
        button.click();
        const fetched = await fetch("https://example.org/").then(
          () => true,
          () => false,
        );
        // Later: what a test says at once may do more than the page's own scripts.
        const evaluated = await new Promise((done) =>
          setTimeout(() => {
            try {
              done((0, eval)("true"));
            } catch {
              done(false);
            }
          }),
        );
        return { ran: Boolean(globalThis.ran), fetched, evaluated };
      });
      assert.deepEqual(tried, { ran: false, fetched: false, evaluated: false }, path);
    }
  },

  "the page's files name nobody else": async (visitor) => {
    const page = await visitor.open();
    for (const file of ["index.html", "embed.html", "assets/style.css", "assets/boot.js", "engine/worker.js", "embed.js", "guide/index.html"]) {
      const text = await page.evaluate(async (file) => (await fetch(file)).text(), file);
      const named = [...text.matchAll(/(?:src|href|url|fetch|import)\s*[=(]\s*["']?(https?:)?\/\/[^"')\s]+/g)].map(([found]) => found);
      assert.deepEqual(named, [], file);
    }
  },

  "every example of the folder is offered": async (visitor) => {
    const page = await visitor.open();
    await page.click(".project .tool");
    const order = JSON.parse(await readFile(join(examples, "order.json"), "utf8"));
    const folders = (await readdir(examples, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    assert.deepEqual(folders.map(({ name }) => name).sort(), [...order].sort());
    assert.equal(await page.locator('[id^="example-"]').count(), order.length);
    assert.ok(order.length >= 5);
  },
};

/** A whole and honest link that unpacks to far too much. */
async function bomb() {
  const { deflateRawSync } = await import("node:zlib");
  const packed = deflateRawSync(JSON.stringify({ files: [{ path: "queries.py", text: " ".repeat(50_000_000) }] }));
  const length = [];
  let rest = packed.length;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  const sealed = Buffer.concat([Buffer.from([...length, rest]), packed]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(sealed));
  return Buffer.concat([sum, sealed]).toString("base64url");
}

function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 && 0xedb88320);
  }
  return ~sum >>> 0;
}
