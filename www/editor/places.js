// Lines count from 1, columns count characters (code points) from 0, as in
// Python; CodeMirror counts UTF-16 units from the start of the text.

export function toOffset(doc, line, column) {
  if (line < 1) return 0;
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(line);
  let units = 0;
  for (const character of text) {
    if (column-- <= 0) break;
    units += character.length;
  }
  return from + units;
}

export function toPlace(doc, offset) {
  const line = doc.lineAt(offset);
  return [line.number, [...line.text.slice(0, offset - line.from)].length];
}

export function toDiagnostics(doc, items) {
  return items
    .map((item) => {
      const whole = doc.line(Math.min(Math.max(item.line, 1), doc.lines));
      let from = toOffset(doc, item.line, item.column);
      let to = item.endLine ? toOffset(doc, item.endLine, item.endColumn) : whole.to;
      if (to <= from) {
        // Nothing to underline there: take the line's own text.
        from = whole.from + (whole.text.length - whole.text.trimStart().length);
        to = Math.max(whole.to, from);
      }
      return { from, to, severity: item.severity, message: item.message };
    })
    .sort((a, b) => a.from - b.from);
}
