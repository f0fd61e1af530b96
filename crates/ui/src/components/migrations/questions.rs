//! What `makemigrations` must ask before it can write.

use protocol::ToWorker;
use protocol::report::{Answer, Question};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::hooks::use_ask;
use crate::state::use_state_handle;

/// The questions.
#[derive(PartialEq, Properties)]
pub struct QuestionsProps {
    /// In the order Django asks them.
    pub questions: Vec<Question>,
}

/// The first question; its answer may answer others or raise new ones.
#[component]
pub fn Questions(props: &QuestionsProps) -> Html {
    let state = use_state_handle();
    let ask = use_ask();
    let given = use_mut_ref(Vec::<Answer>::new);
    let code = use_node_ref();
    let Some(question) = props.questions.first().cloned() else {
        return Html::default();
    };
    let answer = {
        let (id, code, project) = (question.id.clone(), code.clone(), state.project.clone());
        Callback::from(move |choice: u32| {
            let typed = code.cast::<HtmlInputElement>().map(|input| input.value());
            let answer = Answer {
                id: id.clone(),
                choice,
                code: typed.unwrap_or_default(),
            };
            let mut answers = given.borrow_mut();
            answers.retain(|earlier| earlier.id != id);
            answers.push(answer);
            ask.emit(ToWorker::MakeMigrations {
                id: 3,
                project: protocol::Project::clone(&project),
                answers: answers.clone(),
                name: None,
                empty: None,
            });
        })
    };
    html! {
        <div class="banner warn question" role="group" aria-label="Question of makemigrations">
            <p>{ &question.text }</p>
            if question.wants_code.is_some() {
                <input ref={code} class="code" placeholder="A default, in Python: timezone.now, 0, ''" aria-label="Default, in Python" spellcheck="false" />
            }
            <p>
                { for question.choices.iter().zip(0_u32..).map(|(text, choice)| html! {
                    <button class="small" onclick={answer.reform(move |_| choice)}>{ text }</button>
                }) }
            </p>
        </div>
    }
}
