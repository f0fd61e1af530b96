//! Ties CodeMirror to the state, both ways.

use serde_json::json;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::editor::{self, Editor, EditorEvents};
use crate::state::{Action, State, StateHandle, light};

/// An editor inside an element; whether it is there already.
#[hook]
pub fn use_editor(state: &StateHandle, parent: &NodeRef) -> bool {
    let editor = use_state(|| None::<Rc<Live>>);
    let dispatch = state.dispatcher();
    {
        let (editor, parent) = (editor.clone(), parent.clone());
        use_effect_with((), move |()| {
            editor::when_ready(move || {
                if let Some(element) = parent.cast::<HtmlElement>() {
                    let events = events(&dispatch);
                    let view = editor::create(&element, &events);
                    editor.set(Some(Rc::new(Live {
                        view,
                        _events: events,
                    })));
                }
            });
        });
    }
    let live = (*editor).clone();
    let made = live.is_some();
    use_effect_with((state.opened, made), {
        let live = live.clone();
        move |_| {
            if let Some(live) = live {
                live.view.reset();
            }
        }
    });
    let text = state
        .project
        .read(&state.file)
        .unwrap_or_default()
        .to_owned();
    use_effect_with((state.file.clone(), text, state.opened, made), {
        let live = live.clone();
        move |(file, text, ..)| {
            if let Some(live) = live {
                live.view.open(file, text);
            }
        }
    });
    use_effect_with((state.goal, made), {
        let live = live.clone();
        move |((_, line), _)| {
            if let Some(live) = live.filter(|_| *line > 0) {
                live.view.go_to(*line, false);
            }
        }
    });
    use_effect_with((diagnostics(state), state.file.clone(), made), {
        let live = live.clone();
        move |(json, ..)| {
            if let Some(live) = live {
                live.view.diagnostics(json);
            }
        }
    });
    use_effect_with((marks(state), state.file.clone(), made), {
        let live = live.clone();
        move |(json, ..)| {
            if let Some(live) = live {
                live.view.marks(json);
            }
        }
    });
    use_effect_with((emphasis(state), made), move |(json, _)| {
        if let Some(live) = live {
            live.view.emphasize(json);
        }
    });
    made
}

struct Live {
    view: Editor,
    _events: EditorEvents,
}

impl PartialEq for Live {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.view.destroy();
    }
}

fn events(dispatch: &UseReducerDispatcher<State>) -> EditorEvents {
    let (change, line, hover) = (dispatch.clone(), dispatch.clone(), dispatch.clone());
    EditorEvents {
        change: Closure::new(move |path, text| change.dispatch(Action::Edit(path, text))),
        line: Closure::new(move |path, at| line.dispatch(Action::Cursor(path, at))),
        hover: {
            let mut last = (String::new(), 0, 0);
            Closure::new(move |path: String, at, column| {
                let place = (path, at, column);
                if place != last {
                    last = place.clone();
                    hover.dispatch(Action::Hover(place.0, place.1, place.2));
                }
            })
        },
    }
}

/// What is wrong in the shown file, as the editor takes it.
fn diagnostics(state: &State) -> String {
    let mut items: Vec<_> = state
        .report
        .iter()
        .flat_map(|report| &report.diagnostics)
        .filter(|item| item.file == state.file && item.line > 0)
        .map(|item| {
            let message = if item.kind.is_empty() {
                item.message.clone()
            } else {
                format!("{}: {}", item.kind, item.message)
            };
            json!({
                "line": item.line, "column": item.column,
                "endLine": item.end_line, "endColumn": item.end_column,
                "severity": item.severity, "message": message,
            })
        })
        .collect();
    if let Some(halt) = state
        .halt
        .as_ref()
        .filter(|halt| halt.file == state.file && halt.line > 0)
    {
        items.push(json!({
            "line": halt.line, "column": 0, "endLine": 0, "endColumn": 0,
            "severity": "error", "message": halt.reason,
        }));
    }
    json!(items).to_string()
}

/// A dot for each card of the shown file.
fn marks(state: &State) -> String {
    use protocol::report::Value;
    let marks: Vec<_> = state
        .report
        .iter()
        .flat_map(|report| report.cards.iter().enumerate())
        .filter(|(_, card)| card.at.file == state.file)
        .map(|(index, card)| {
            let kind = match card.value {
                Value::Exception(_) => "exception",
                Value::Queryset { .. } => "idle",
                _ if card.queries.is_empty() => "quiet",
                _ => "done",
            };
            json!({
                "line": card.at.line, "kind": kind, "queries": card.queries.len(),
                "selected": state.card == Some(index),
            })
        })
        .collect();
    json!(marks).to_string()
}

/// The Python that the pointer's piece of SQL came from.
fn emphasis(state: &State) -> String {
    let lit = state
        .lit
        .and_then(|lit| light::piece(state.report.as_ref()?, lit)?.python.clone());
    let ranges: Vec<_> = lit
        .into_iter()
        .filter(|range| range.file == state.file)
        .map(|range| {
            json!({
                "line": range.line, "column": range.column,
                "endLine": range.end_line, "endColumn": range.end_column,
            })
        })
        .collect();
    json!(ranges).to_string()
}
