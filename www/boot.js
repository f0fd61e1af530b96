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

try {
  const { default: start } = await import("../ormscope-ui.js");
  await start({ module_or_path: new URL("../ormscope-ui_bg.wasm", import.meta.url) });
} catch (error) {
  failed(error instanceof Error ? error.message : String(error));
  throw error;
}
