// Starts the page's module. A script of its own, so that the page needs no
// inline script and its Content-Security-Policy can forbid them.

const app = document.getElementById("app");

function failed(reason) {
  const text = document.createElement("p");
  text.className = "cannot-start";
  text.setAttribute("role", "alert");
  text.textContent = `The page could not start: ${reason}. Your work is kept in this browser.`;
  app.replaceChildren(text);
}

/** The engine's worker, begun before the page's own module runs. What it says
    until the page listens is kept. It fetches the engine when it is told to. */
function early() {
  const worker = new Worker("engine/worker.js", { type: "module" });
  const said = [];
  worker.onmessage = ({ data }) => said.push(data);
  worker.onerror = () => said.push({ trap: "The engine's script could not be run." });
  globalThis.OrmscopeWorker = { worker, said };
  return () => worker.postMessage({});
}

/** Runs a script that lies beside this one. */
function script(name) {
  const element = document.createElement("script");
  element.src = new URL(name, import.meta.url);
  return new Promise((ran, missing) => {
    element.onload = ran;
    element.onerror = () => missing(new Error(`${name} cannot be had`));
    document.head.append(element);
  });
}

function fonts() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("fonts.css", import.meta.url);
  document.head.append(link);
}

const playground = document.body.dataset.mode === "playground";
// What the first paint does not need lets it pass; where nothing is painted, in a tab behind
// another, it does not wait for long.
const painted = new Promise((done) => {
  requestAnimationFrame(() => setTimeout(done));
  setTimeout(done, 200);
});
painted.then(fonts);

try {
  const fetchEngine = playground ? early() : null;
  const parts = Promise.all([
    import("../ormscope-ui.js"),
    WebAssembly.compileStreaming(fetch(new URL("../ormscope-ui_bg.wasm", import.meta.url))),
  ]);
  // When the page's download is over the engine may have the line, and when it has painted the
  // editor. Until the editor has come the source is shown as plain text.
  parts.then(() => fetchEngine?.());
  Promise.all([parts, painted]).then(() => script("editor.js").catch(() => {}));
  if (playground) await painted.then(() => script("examples.js"));
  const [{ default: start }, module] = await parts;
  await start({ module_or_path: module });
} catch (error) {
  failed(error instanceof Error ? error.message : String(error));
  throw error;
}
