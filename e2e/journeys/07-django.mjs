// Django's own tests, run in the worker.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** The app whose tests are run. */
const APP = "basic";

/** What the native command says of each test. */
async function natively(tests) {
  const folder = await mkdtemp(join(tmpdir(), "ormscope-"));
  const file = join(folder, "outcomes.json");
  try {
    // Its exit status tells whether all passed; that is not asked here.
    await promisify(execFile)(process.env.ORMSCOPE_BIN, ["test", tests, APP, "--json", file]).catch(() => {});
    return JSON.parse(await readFile(file, "utf8")).outcomes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function filesOf(tests) {
  const names = (await readdir(join(tests, APP), { recursive: true })).filter((name) => name.endsWith(".py"));
  return Promise.all(
    names.map(async (name) => ({ path: `${APP}/${name}`, text: await readFile(join(tests, APP, name), "utf8") })),
  );
}

export default {
  "an app of Django's suite has the native command's outcomes in the page": async (visitor) => {
    const tests = process.env.ORMSCOPE_DJANGO_TESTS;
    assert.ok(tests && process.env.ORMSCOPE_BIN, "ORMSCOPE_DJANGO_TESTS: Django's tests; ORMSCOPE_BIN: the native command");
    const page = await visitor.open();
    const inPage = page.evaluate(
      ({ files, labels }) =>
        new Promise((resolve, reject) => {
          const worker = new Worker("engine/worker.js", { type: "module" });
          worker.onmessage = ({ data }) => {
            if (data.trap) reject(new Error(data.trap));
            const said = data.json ? JSON.parse(data.json) : {};
            if (said.ready) worker.postMessage({ json: JSON.stringify({ test: { id: 1, files, labels } }) });
            if (said.failed) reject(new Error(said.failed.message));
            if (said.tested) resolve(said.tested.outcomes.outcomes);
          };
          worker.postMessage({});
        }),
      { files: await filesOf(tests), labels: [APP] },
    );
    const [ours, native] = await Promise.all([inPage, natively(tests)]);
    assert.ok(Object.keys(ours).length > 50, `${Object.keys(ours).length} tests`);
    assert.deepEqual(ours, native);
  },
};
