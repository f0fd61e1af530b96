// Pyodide, Django's wheels and driver.py; then every message is a project to
// run. Python imports from the wheels as they are: unpacking their thousands of
// files would take longer than everything that is imported.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const ready = start();
onmessage = async ({ data }) => {
  try {
    const rerun = await ready;
    postMessage(rerun(data));
  } catch (error) {
    postMessage(JSON.stringify({ error: String(error) }));
  }
};

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

async function start() {
  const driver = get("driver.py").then((answer) => answer.text());
  const names = await (await get("wheels/names.json")).json();
  const wheels = names.map(async (name) => [name, new Uint8Array(await (await get(`wheels/${name}`)).arrayBuffer())]);
  const python = await loadPyodide({ indexURL: new URL("pyodide/", import.meta.url).href });
  const path = python.pyimport("sys").path;
  for (const [name, wheel] of await Promise.all(wheels)) {
    python.FS.writeFile(`/${name}`, wheel, { canOwn: true });
    path.append(`/${name}`);
  }
  python.runPython(await driver);
  return python.globals.get("rerun");
}
