//! Paths over relations to fields.

use super::{Maker, text};
use crate::fuzz::chain::Term;
use crate::fuzz::schema::Schema;

impl Maker<'_> {
    pub(super) fn some_paths(&mut self, model: &str, least: usize) -> Vec<Term> {
        let mut paths: Vec<String> = Vec::new();
        for _ in 0..least + self.rng.below(3) {
            let path = self.path(model, 2, None);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
            .iter()
            .map(|path| text(&format!("\"{path}\"")))
            .collect()
    }

    /// A path to a field, of one kind if that is wanted; empty if there is none.
    pub(super) fn path(&mut self, model: &str, depth: usize, kind: Option<&str>) -> String {
        for _ in 0..6 {
            let (prefix, end) = self.walk(model, depth);
            let fields: Vec<(String, String)> = usable(self.schema, &end)
                .into_iter()
                .filter(|(_, each)| kind.is_none_or(|kind| family(each) == family(kind)))
                .collect();
            if !fields.is_empty() {
                return format!("{prefix}{}", self.rng.pick(&fields).0);
            }
        }
        String::new()
    }

    /// Follows relations: the path so far, with `__` at its end, and the model.
    pub(super) fn walk(&mut self, model: &str, depth: usize) -> (String, String) {
        let (mut prefix, mut at) = (String::new(), model.to_owned());
        if self.inside == 0 && !self.filtered.is_empty() && self.rng.chance(40) {
            let (name, to) = self.rng.pick(&self.filtered).clone();
            (prefix, at) = (format!("{name}__"), to);
        }
        for _ in 0..depth {
            let relations = &self.schema[&at].relations;
            if relations.is_empty() || self.rng.chance(45) {
                break;
            }
            let (name, to, _) = self.rng.pick(relations).clone();
            prefix.push_str(&name);
            prefix.push_str("__");
            at = to;
        }
        (prefix, at)
    }

    /// A path that ends at a relation; empty if there is none.
    pub(super) fn relation_path(&mut self, model: &str) -> String {
        let (prefix, end) = self.walk(model, 1);
        let relations = &self.schema[&end].relations;
        if relations.is_empty() {
            return String::new();
        }
        format!("{prefix}{}", self.rng.pick(relations).0)
    }

    /// Where a relation leads.
    pub(super) fn relation_model(&self, model: &str, relation: &str) -> String {
        self.schema[model]
            .relations
            .iter()
            .find(|(name, _, _)| name == relation)
            .map_or_else(|| model.to_owned(), |(_, to, _)| to.clone())
    }

    /// A path over relations to one only.
    pub(super) fn single_path(&mut self, model: &str) -> Option<String> {
        let (mut path, mut at) = (Vec::new(), model.to_owned());
        for _ in 0..2 {
            let single: Vec<(String, String)> = self.schema[&at]
                .relations
                .iter()
                .filter(|(_, _, many)| !many)
                .map(|(name, to, _)| (name.clone(), to.clone()))
                .collect();
            if single.is_empty() || (!path.is_empty() && self.rng.chance(50)) {
                break;
            }
            let (name, to) = self.rng.pick(&single).clone();
            path.push(name);
            at = to;
        }
        (!path.is_empty()).then(|| path.join("__"))
    }

    pub(super) fn own_field(&mut self, model: &str) -> String {
        let fields = usable(self.schema, model);
        self.rng.pick(&fields).0.clone()
    }
}

/// Fields that can be compared, and the primary key by its other name.
pub(super) fn usable(schema: &Schema, model: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = schema[model]
        .fields
        .iter()
        .filter(|(_, kind)| {
            !matches!(
                kind.as_str(),
                "BinaryField" | "FileField" | "CompositePrimaryKey"
            )
        })
        .cloned()
        .collect();
    if fields
        .iter()
        .any(|(name, kind)| name == "id" && kind == "BigAutoField")
    {
        fields.push(("pk".to_owned(), "BigAutoField".to_owned()));
    }
    if fields.is_empty() {
        fields.push(("pk".to_owned(), "BigAutoField".to_owned()));
    }
    fields
}

/// Kinds that take the same values.
pub(super) fn family(kind: &str) -> &'static str {
    match kind {
        "CharField" | "TextField" | "SlugField" | "EmailField" | "URLField" => "text",
        "BooleanField" => "bool",
        "DateField" => "date",
        "DateTimeField" => "moment",
        "DecimalField" => "decimal",
        "FloatField" => "float",
        "JSONField" => "json",
        "UUIDField" => "uuid",
        "TimeField" => "time",
        "DurationField" => "duration",
        "GenericIPAddressField" => "ip",
        _ => "int",
    }
}
