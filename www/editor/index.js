// The editor: CodeMirror 6 in a shadow root, so that its style sheets are
// constructed ones and the page's Content-Security-Policy can stay strict.
//
//   const editor = OrmscopeEditor.create(element, {onChange, onLine, onRun})
//   editor.open("models.py", text)
//
// Each file keeps its own state, so undo and the cursor stay with the tab.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { cardMarks, setCardMarks } from "./card-marks.js";
import { emphasis, setEmphasis } from "./emphasis.js";
import { appearance } from "./theme.js";
import { toDiagnostics, toOffset, toPlace } from "./places.js";

function create(parent, { onChange, onLine, onHover }) {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  const states = new Map();
  const locked = new Compartment();
  let path = "";
  let silent = false;

  const reportLine = (update) => {
    const line = update.state.doc.lineAt(update.state.selection.main.head).number;
    const before = update.startState.doc.lineAt(update.startState.selection.main.head).number;
    if (line !== before || update.docChanged || update.focusChanged) onLine(path, line);
  };

  const extensions = [
    lineNumbers(),
    cardMarks,
    lintGutter(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of("    "),
    EditorState.tabSize.of(4),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    emphasis,
    python(),
    appearance,
    locked.of([]),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    EditorView.contentAttributes.of({ "aria-label": "Python source", spellcheck: "false" }),
    EditorView.updateListener.of((update) => {
      if (silent) return;
      if (update.docChanged) onChange(path, update.state.doc.toString());
      if (update.docChanged || update.selectionSet || update.focusChanged) reportLine(update);
      // Moved by keys, the cursor points as the pointer does.
      if (update.selectionSet && !update.transactions.some((t) => t.isUserEvent("select.pointer"))) {
        onHover(path, ...toPlace(update.state.doc, update.state.selection.main.head));
      }
    }),
    EditorView.domEventHandlers({
      mousemove(event, view) {
        const offset = view.posAtCoords({ x: event.clientX, y: event.clientY });
        if (offset === null) return;
        onHover(path, ...toPlace(view.state.doc, offset));
      },
      mouseleave() {
        onHover("", 0, 0);
      },
    }),
  ];

  const fresh = (text) => EditorState.create({ doc: text, extensions });
  const view = new EditorView({ state: fresh(""), parent: root, root });

  // Whoever focuses the element means the text in it.
  parent.focus = () => view.focus();

  const quietly = (change) => {
    silent = true;
    try {
      change();
    } finally {
      silent = false;
    }
  };

  return {
    /** Shows a file. A text that differs from what was kept replaces it. */
    open(next, text) {
      if (path !== next) {
        if (path) states.set(path, view.state);
        path = next;
        quietly(() => view.setState(states.get(next) ?? fresh(text)));
      }
      if (view.state.doc.toString() !== text) {
        quietly(() =>
          view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
        );
      }
    },
    /** Drops what was kept of every file: another project was opened. */
    reset() {
      states.clear();
      path = "";
    },
    /** A file was renamed: its state goes with it. */
    rename(from, to) {
      if (path === from) path = to;
      if (states.has(from)) {
        states.set(to, states.get(from));
        states.delete(from);
      }
    },
    diagnostics(json) {
      view.dispatch(setDiagnostics(view.state, toDiagnostics(view.state.doc, JSON.parse(json))));
    },
    marks(json) {
      view.dispatch({ effects: setCardMarks.of(JSON.parse(json)) });
    },
    emphasize(json) {
      const ranges = JSON.parse(json).map(({ line, column, endLine, endColumn }) => ({
        from: toOffset(view.state.doc, line, column),
        to: toOffset(view.state.doc, endLine, endColumn),
      }));
      view.dispatch({ effects: setEmphasis.of(ranges) });
    },
    /** Moves the cursor to a line and shows it. */
    goTo(line, focus) {
      const target = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      quietly(() =>
        view.dispatch({
          selection: { anchor: target.from },
          effects: EditorView.scrollIntoView(target.from, { y: "nearest", yMargin: 60 }),
        }),
      );
      if (focus) view.focus();
    },
    readOnly(is) {
      view.dispatch({ effects: locked.reconfigure(is ? EditorState.readOnly.of(true) : []) });
    },
    focus() {
      view.focus();
    },
    destroy() {
      view.destroy();
    },
  };
}

globalThis.OrmscopeEditor = { create };
dispatchEvent(new Event("ormscope-editor"));
