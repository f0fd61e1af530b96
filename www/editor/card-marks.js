// The gutter between line numbers and text: a dot at every line that has a
// result, with the number of its queries.

import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import { GutterMarker, gutter } from "@codemirror/view";

export const setCardMarks = StateEffect.define();

class CardMark extends GutterMarker {
  constructor(mark) {
    super();
    this.mark = mark;
  }
  eq(other) {
    return ["kind", "queries", "selected"].every((key) => other.mark[key] === this.mark[key]);
  }
  toDOM() {
    const dot = document.createElement("span");
    dot.className = `card-mark ${this.mark.kind}${this.mark.selected ? " selected" : ""}`;
    dot.textContent = this.mark.queries > 1 ? String(Math.min(this.mark.queries, 99)) : "";
    dot.title =
      this.mark.queries === 1 ? "1 query" : `${this.mark.queries} queries`;
    return dot;
  }
}

const field = StateField.define({
  create: () => RangeSet.empty,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setCardMarks)) continue;
      const doc = transaction.state.doc;
      marks = RangeSet.of(
        effect.value
          .filter((mark) => mark.line >= 1 && mark.line <= doc.lines)
          .map((mark) => new CardMark(mark).range(doc.line(mark.line).from)),
        true,
      );
    }
    return marks;
  },
});

export const cardMarks = [
  field,
  gutter({
    class: "card-gutter",
    markers: (view) => view.state.field(field),
    initialSpacer: () => new CardMark({ kind: "spacer", queries: 0 }),
  }),
];
