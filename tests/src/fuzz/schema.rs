//! What there is to ask about.

use std::collections::BTreeMap;
use std::process::Command;

use crate::{django, project, root};

/// A model.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Plain fields: name and kind (`CharField`).
    pub fields: Vec<(String, String)>,
    /// Relations: name, model, whether to many.
    pub relations: Vec<(String, String, bool)>,
    /// Relations that this model's own columns make.
    pub forward: Vec<String>,
    /// The attribute of a relation that is called something else in paths.
    pub accessors: BTreeMap<String, String>,
    /// Columns that can be written, relations too.
    pub writable: Vec<String>,
    /// The kind of the primary key.
    pub key: String,
}

/// All models of a set, by name.
pub type Schema = BTreeMap<String, Model>;

/// Asks real Django.
pub fn read(set: &str) -> Result<Schema, String> {
    let output = Command::new(django::python()?)
        .arg(root().join("tests/src/oracle_schema.py"))
        .arg(project::set_folder(set))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let document: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let mut schema = Schema::new();
    for (name, about) in document.as_object().into_iter().flatten() {
        let mut model = Model::default();
        for (field, kind) in about["fields"].as_object().into_iter().flatten() {
            model
                .fields
                .push((field.clone(), kind.as_str().unwrap_or_default().to_owned()));
        }
        for (relation, to) in about["relations"].as_object().into_iter().flatten() {
            model.relations.push((
                relation.clone(),
                to[0].as_str().unwrap_or_default().to_owned(),
                to[1].as_bool().unwrap_or_default(),
            ));
            if to[2].as_bool().unwrap_or_default() {
                model.forward.push(relation.clone());
            }
        }
        for (name, attribute) in about["accessors"].as_object().into_iter().flatten() {
            model.accessors.insert(
                name.clone(),
                attribute.as_str().unwrap_or_default().to_owned(),
            );
        }
        for name in about["writable"].as_array().into_iter().flatten() {
            model
                .writable
                .push(name.as_str().unwrap_or_default().to_owned());
        }
        model.key = about["key"].as_str().unwrap_or_default().to_owned();
        schema.insert(name.clone(), model);
    }
    Ok(schema)
}
