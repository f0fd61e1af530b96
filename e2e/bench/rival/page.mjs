// Shows what a project comes to, as plain text: no editor, no graph, no plan.
// Whoever measures gives the first project as `window.project` and edits by
// `window.rerun(files)`, which takes as many milliseconds as it says.

const worker = new Worker("worker.mjs", { type: "module" });
const results = document.getElementById("results");

window.answer = null;
window.rerun = (files) =>
  new Promise((done, failed) => {
    const posted = performance.now();
    worker.onerror = (event) => failed(new Error(event.message));
    worker.onmessage = ({ data }) => {
      window.answer = JSON.parse(data);
      if (window.answer.error) return failed(new Error(window.answer.error));
      results.textContent = window.answer.cards.map(text).join("\n");
      done(performance.now() - posted);
    };
    worker.postMessage(JSON.stringify(files));
  });

function text({ line, queries, rows, printed }) {
  const sql = queries.map(([sql, params]) => `${sql}\n${params.join(", ")}\n`);
  return [`line ${line}\n`, ...sql, ...(rows ?? []).map((row) => `${row.join(" | ")}\n`), printed].join("");
}

window.started = window.rerun(window.project).then(() => performance.now());
