//! What the worker says.

use js_sys::{Object, Reflect, Uint8Array};
use protocol::FromWorker;
use wasm_bindgen::JsCast;
use web_sys::DedicatedWorkerGlobalScope;

/// Posts a message to the page.
pub fn post(message: &FromWorker) {
    post_with(message, None);
}

/// Posts a message with a file's bytes beside it.
pub fn post_with(message: &FromWorker, bytes: Option<&[u8]>) {
    let Ok(json) = serde_json::to_string(message) else {
        return;
    };
    let parcel = Object::new();
    let _ = Reflect::set(&parcel, &"json".into(), &json.into());
    if let Some(bytes) = bytes {
        let _ = Reflect::set(&parcel, &"bytes".into(), &Uint8Array::from(bytes));
    }
    if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        let _ = scope.post_message(&parcel);
    }
}
