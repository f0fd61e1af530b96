// Both sides have to have done the same: what does not is not measured.

import assert from "node:assert/strict";

// What gave neither rows nor SQL is left out; ours is laid out over lines.
const bare = (cards) =>
  cards
    .filter(({ rows, sql }) => rows !== null || sql.length)
    .map(({ line, rows, sql }) => ({ line, rows, sql: sql.map((text) => text.replace(/\s+/g, "")) }));

/** Compares what every statement came to: rows shown, and the SQL of each query. */
export function same(ours, theirs) {
  assert.ok(theirs.some(({ rows }) => rows > 0), "Django gave no rows");
  assert.deepEqual(bare(ours), bare(theirs));
}
