//! What travels between frames and workers: `{json, bytes?}`.

use js_sys::{Object, Reflect, Uint8Array};
use protocol::FromWorker;
use wasm_bindgen::{JsCast, JsValue};

/// An answer, with the bytes that came beside it.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it says.
    pub message: FromWorker,
    /// A file's bytes, with [`FromWorker::Exported`].
    pub bytes: Option<Uint8Array>,
}

impl From<FromWorker> for Event {
    fn from(message: FromWorker) -> Self {
        Self {
            message,
            bytes: None,
        }
    }
}

/// Packing and unpacking.
pub struct Wire;

impl Wire {
    /// An object to post.
    #[must_use]
    pub fn pack(json: &str, bytes: Option<&Uint8Array>) -> JsValue {
        let object = Object::new();
        let _ = Reflect::set(&object, &"json".into(), &json.into());
        if let Some(bytes) = bytes {
            let _ = Reflect::set(&object, &"bytes".into(), bytes);
        }
        object.into()
    }

    /// The JSON of an object that was posted.
    #[must_use]
    pub fn json(data: &JsValue) -> Option<String> {
        Self::get(data, "json")?.as_string()
    }

    /// A property, unless it is undefined.
    #[must_use]
    pub fn get(data: &JsValue, name: &str) -> Option<JsValue> {
        if !data.is_object() {
            return None;
        }
        Reflect::get(data, &name.into())
            .ok()
            .filter(|value| !value.is_undefined())
    }

    /// The answer in an object that was posted.
    #[must_use]
    pub fn event(data: &JsValue) -> Option<Event> {
        let message = serde_json::from_str(&Self::json(data)?).ok()?;
        let bytes = Self::get(data, "bytes").and_then(|bytes| bytes.dyn_into().ok());
        Some(Event { message, bytes })
    }
}
