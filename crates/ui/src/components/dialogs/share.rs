//! The link to this project.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::frame::Frame;
use crate::browser;
use crate::components::copy_button::CopyButton;
use crate::components::grouped;
use crate::state::use_state_handle;

/// The link.
#[derive(PartialEq, Properties)]
pub struct ShareProps {
    /// The link.
    pub link: String,
}

/// The link, and other forms of it.
#[component]
pub fn Share(props: &ShareProps) -> Html {
    let state = use_state_handle();
    let link = &props.link;
    let title = match state.project.title.as_str() {
        "" => "ormscope",
        title => title,
    };
    let fragment = link.split_once('#').map_or("", |(_, fragment)| fragment);
    let base = browser::address();
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    let iframe = format!(
        "<iframe src=\"{folder}/embed.html#{fragment}\" width=\"100%\" height=\"420\" loading=\"lazy\" title=\"{}\"></iframe>",
        attribute(title)
    );
    let select = |event: FocusEvent| {
        if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
            input.select();
        }
    };
    html! {
        <Frame title="Share this project">
            <p>{"The link holds the whole project; there is no server behind it. It is copied."}</p>
            <p class="link">
                <input id="share-link" readonly=true value={link.clone()} onfocus={select} aria-label="Link" />
                <CopyButton text={link.clone()} label="Copy link" wide=true />
            </p>
            <p class="choices">
                <CopyButton text={format!("[{title}]({link})")} label="Copy Markdown" wide=true />
                <CopyButton text={iframe} label="Copy iframe" wide=true />
                <span class="type">{ format!("{} characters", grouped(link.len() as u64)) }</span>
            </p>
        </Frame>
    }
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}
