// Pieces of source that are lit from outside: the Python behind a piece of
// SQL that the pointer is on.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

export const setEmphasis = StateEffect.define();

const lit = Decoration.mark({ class: "emphasis" });

export const emphasis = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setEmphasis)) continue;
      const ranges = effect.value.filter(({ from, to }) => to > from);
      marks = Decoration.set(
        ranges.map(({ from, to }) => lit.range(from, to)),
        true,
      );
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});
