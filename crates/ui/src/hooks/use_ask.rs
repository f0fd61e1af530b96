//! How a component asks the engine for something.

use protocol::ToWorker;
use yew::prelude::*;

/// Asks the engine; the answer comes as an action.
pub type Ask = Callback<ToWorker>;

/// The engine of the page around this component.
#[hook]
pub fn use_ask() -> Ask {
    use_context::<Ask>().unwrap_or_else(Callback::noop)
}
