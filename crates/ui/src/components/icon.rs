//! Small pictures, drawn with one line.

use yew::prelude::*;

/// A small picture. It says nothing that the text beside it does not.
pub fn icon(name: &str) -> Html {
    let path = match name {
        "folder" => {
            "M2 4.5A1.5 1.5 0 0 1 3.5 3h3l1.5 2h4.5A1.5 1.5 0 0 1 14 6.5v5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 11.5z"
        }
        "share" => {
            "M6.5 9.5l3-3M7 4.5l1-1a3.2 3.2 0 0 1 4.5 4.5l-1 1M9 11.5l-1 1A3.2 3.2 0 0 1 3.5 8l1-1"
        }
        "help" => {
            "M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.6M8 11.8v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0"
        }
        "system" => "M2.5 3.5h11v7.5h-11zM6 13.5h4",
        "light" => {
            "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7"
        }
        "dark" => "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5",
        "copy" => "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
        "check" => "M3 8.5l3.2 3.2L13 4.8",
        "plus" => "M8 3v10M3 8h10",
        "close" => "M4 4l8 8M12 4l-8 8",
        "download" => "M8 2.5v8M4.8 7.5L8 10.7l3.2-3.2M3 13.5h10",
        "chevron" => "M6 4l4 4-4 4",
        "table" => "M2.5 3.5h11v9h-11zM2.5 6.5h11M6.5 6.5v6",
        "back" => "M6.5 4L3 7.5 6.5 11M3 7.5h7a3 3 0 0 1 0 6H8",
        "forward" => "M9.5 4L13 7.5 9.5 11M13 7.5H6a3 3 0 0 0 0 6h2",
        "play" => "M5 3.2l7.5 4.8L5 12.8z",
        "open" => "M9 3h4v4M13 3L7.5 8.5M11 9.5v3.5H3V5h3.5",
        _ => "",
    };
    html! {
        <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d={path} />
        </svg>
    }
}

/// ormscope's name and sign: a table's row that becomes a trace.
pub fn logo() -> Html {
    html! {
        <>
            <svg class="logo" viewBox="0 0 34 24" width="34" height="24" aria-hidden="true">
                <rect class="screen" x="1" y="1" width="32" height="22" rx="5" />
                <path class="grid" d="M1 12h32M12 1v22M22.500 1v22" />
                <path class="beam" d="M3 12h6l2.200-6 4 12 3.600-14 3 11 1.700-3H31" />
            </svg>
            <span class="name">{"orm"}<b>{"scope"}</b></span>
        </>
    }
}
