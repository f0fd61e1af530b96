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
    until the page listens is kept. */
function early() {
  const worker = new Worker("engine/worker.js", { type: "module" });
  const said = [];
  worker.onmessage = ({ data }) => said.push(data);
  worker.onerror = () => said.push({ trap: "The engine's script could not be run." });
  worker.postMessage({});
  globalThis.OrmscopeWorker = { worker, said };
}

/** The editor; until it has come the source is shown as plain text. */
function editor() {
  const script = document.createElement("script");
  script.src = new URL("editor.js", import.meta.url);
  document.head.append(script);
}

try {
  const [{ default: start }, module] = await Promise.all([
    import("../ormscope-ui.js"),
    WebAssembly.compileStreaming(fetch(new URL("../ormscope-ui_bg.wasm", import.meta.url))),
  ]);
  // The page's download is over: now the editor and the engine may have the line.
  editor();
  if (document.body.dataset.mode === "playground") early();
  await start({ module_or_path: module });
} catch (error) {
  failed(error instanceof Error ? error.message : String(error));
  throw error;
}
