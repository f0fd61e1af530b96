// Colours come from the page's custom properties, which reach into the shadow
// root; so light and dark need no second theme.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": {
    height: "100%",
    color: "var(--ink)",
    backgroundColor: "transparent",
    fontSize: "var(--code-size, 13.5px)",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    lineHeight: "1.62",
    fontVariantLigatures: "none",
  },
  ".cm-content": { padding: "10px 0 var(--code-tail, 40vh)", caretColor: "var(--trace)" },
  ".cm-line": { padding: "0 16px 0 6px" },
  ".cm-cursor": { borderLeftColor: "var(--trace)", borderLeftWidth: "2px" },
  ".cm-gutters": {
    color: "var(--ink-faint)",
    backgroundColor: "transparent",
    border: "none",
    userSelect: "none",
  },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 4px 0 14px", minWidth: "38px" },
  ".cm-activeLine": { backgroundColor: "var(--line)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { background: "var(--selection)" },
  ".cm-selectionMatch": { backgroundColor: "var(--match)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--match)",
    outline: "1px solid var(--edge-strong)",
  },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-lint-marker": { width: "8px", height: "8px", margin: "0.5em 2px" },
  ".cm-lint-marker-error, .cm-lint-marker-warning, .cm-lint-marker-info": {
    content: "''",
    borderRadius: "2px",
    background: "var(--bad)",
  },
  ".cm-lint-marker-warning": { background: "var(--warn)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad) 1px",
    textUnderlineOffset: "4px",
    textDecorationSkipInk: "none",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--warn) 1px",
    textUnderlineOffset: "4px",
    textDecorationSkipInk: "none",
  },
  ".cm-tooltip": {
    background: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--edge-strong)",
    borderRadius: "6px",
    overflow: "hidden",
    maxWidth: "min(560px, 90vw)",
    boxShadow: "var(--shadow)",
  },
  ".cm-diagnostic": {
    fontFamily: "var(--mono)",
    fontSize: "12.5px",
    padding: "8px 12px",
    borderLeft: "3px solid var(--bad)",
    whiteSpace: "pre-wrap",
  },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-panels": { background: "var(--raised)", color: "var(--ink)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--edge)" },
  ".cm-textfield": {
    background: "var(--ground)",
    border: "1px solid var(--edge-strong)",
    borderRadius: "4px",
    color: "inherit",
  },
  ".cm-button": {
    backgroundImage: "none",
    background: "var(--line)",
    border: "1px solid var(--edge-strong)",
    borderRadius: "4px",
    color: "inherit",
  },
  ".card-gutter": { width: "20px" },
  ".card-gutter .cm-gutterElement": {
    display: "flex",
    alignItems: "center",
    justifyContent: "center",
  },
  ".card-mark": {
    boxSizing: "border-box",
    minWidth: "7px",
    height: "7px",
    borderRadius: "8px",
    background: "var(--trace)",
    color: "var(--ground)",
    font: "700 9px/14px var(--sans)",
    textAlign: "center",
    opacity: "0.75",
  },
  ".card-mark:not(:empty)": { height: "14px", minWidth: "14px", padding: "0 3px" },
  ".card-mark.exception": { background: "var(--bad)" },
  ".card-mark.idle": { background: "none", border: "1.5px solid var(--trace)" },
  ".card-mark.quiet": { background: "var(--ink-faint)" },
  ".card-mark.spacer": { visibility: "hidden", minWidth: "14px" },
  ".card-mark.selected": { opacity: "1", boxShadow: "0 0 0 3px var(--trace-glow)" },
  ".emphasis": {
    background: "var(--lit)",
    borderRadius: "3px",
    boxShadow: "0 0 0 1px var(--lit-edge)",
  },
});

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--tok-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--tok-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--tok-number)" },
  { tag: tags.comment, color: "var(--tok-comment)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--tok-call)" },
  { tag: [tags.definition(tags.className), tags.className, tags.typeName], color: "var(--tok-class)" },
  { tag: tags.definition(tags.function(tags.variableName)), color: "var(--tok-call)" },
  { tag: [tags.propertyName, tags.attributeName], color: "var(--tok-property)" },
  { tag: [tags.operator, tags.punctuation, tags.separator, tags.bracket], color: "var(--tok-punct)" },
  { tag: tags.meta, color: "var(--tok-keyword)" },
  { tag: tags.self, color: "var(--tok-number)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

export const appearance = [theme, syntaxHighlighting(highlight)];
