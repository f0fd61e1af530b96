// Samples become a Markdown table: ours, the rival's, how many times as much
// the rival takes, and what was wanted of ours.

const sorted = (list) => [...list].sort((a, b) => a - b);
export const median = (list) => sorted(list)[Math.floor(list.length / 2)];
export const p95 = (list) => sorted(list)[Math.min(list.length - 1, Math.floor(list.length * 0.95))];

export const ms = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
export const kb = (value) => `${(value / 1000).toFixed(0)} kB`;

/** A row: `rival` and `wanted` are null where there is none. */
export const row = (what, unit, ours, rival, wanted) => ({ what, unit, ours, rival, wanted });

export function table(rows) {
  const lines = rows.map(({ what, unit, ours, rival, wanted }) => {
    const cells = [
      what,
      unit(ours),
      rival === null ? "" : unit(rival),
      rival === null ? "" : (rival / ours).toFixed(1),
      wanted === null ? "" : `${wanted} ${unit === kb ? "kB" : "ms"}`,
      wanted !== null && ours >= wanted * (unit === kb ? 1000 : 1) ? "missed" : "",
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return ["| what | ours | Django on Pyodide | times | wanted below | |", "|---|---:|---:|---:|---:|---|", ...lines].join("\n");
}
