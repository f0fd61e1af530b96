//! What travels between frames and workers: `{json, bytes?}`.
//!
//! Whoever only passes a message on reads its head and leaves the rest as it
//! is: `{"report":{"id":7,…`. Its kind comes first, its number right after.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// A message on its way, its text not read.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The message as JSON.
    pub json: String,
    /// A file's bytes beside it.
    pub bytes: Option<Uint8Array>,
}

impl Parcel {
    /// A message without bytes.
    #[must_use]
    pub fn text(json: String) -> Self {
        Self { json, bytes: None }
    }

    /// A parcel from an object that was posted.
    #[must_use]
    pub fn unpack(data: &JsValue) -> Option<Self> {
        let json = property(data, "json")?.as_string()?;
        let bytes = property(data, "bytes").and_then(|bytes| bytes.dyn_into().ok());
        Some(Self { json, bytes })
    }

    /// An object to post.
    #[must_use]
    pub fn pack(&self) -> JsValue {
        let object = Object::new();
        let _ = Reflect::set(&object, &"json".into(), &self.json.as_str().into());
        if let Some(bytes) = &self.bytes {
            let _ = Reflect::set(&object, &"bytes".into(), bytes);
        }
        object.into()
    }

    /// What kind of message it is: `run`, `report` …
    #[must_use]
    pub fn kind(&self) -> &str {
        kind(&self.json)
    }

    /// Its number; 0 if it has none.
    #[must_use]
    pub fn id(&self) -> u32 {
        id(&self.json)
    }
}

/// A property, unless it is undefined.
#[must_use]
pub fn property(data: &JsValue, name: &str) -> Option<JsValue> {
    if !data.is_object() {
        return None;
    }
    Reflect::get(data, &name.into())
        .ok()
        .filter(|value| !value.is_undefined())
}

fn kind(json: &str) -> &str {
    json.strip_prefix("{\"")
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default()
}

fn id(json: &str) -> u32 {
    let number = json.split_once("{\"id\":").map_or("", |(_, rest)| rest);
    let end = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    number[..end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{FromWorker, Project, ToWorker, message::Limits};

    #[test]
    fn the_head_of_a_message_is_read_without_the_rest() {
        let run = ToWorker::Run {
            id: 17,
            project: Project::default(),
            limits: Limits::default(),
        };
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!((kind(&json), id(&json)), ("run", 17));

        let report = FromWorker::Report {
            id: 8,
            report: Box::default(),
        };
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!((kind(&json), id(&json)), ("report", 8));

        let ready = serde_json::to_string(&FromWorker::Ready(Default::default())).unwrap();
        assert_eq!((kind(&ready), id(&ready)), ("ready", 0));
        assert_eq!((kind("no"), id("")), ("", 0));
    }
}
