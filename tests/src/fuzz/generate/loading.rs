//! What comes along with the rows: related rows, and which columns.

use super::{Maker, call, text};
use crate::fuzz::chain::{Call, Term};

impl Maker<'_> {
    /// `prefetch_related`, by paths and by `Prefetch`.
    pub(super) fn prefetched(&mut self, model: &str, calls: &mut Vec<Call>) {
        let mut arguments: Vec<Term> = Vec::new();
        for place in 0..=self.rng.below(2) {
            let Some((path, end)) = self.attributes(model) else {
                return;
            };
            let argument = match self.rng.below(5) {
                0 => {
                    let queryset = self.simple(&end);
                    format!("Prefetch(\"{path}\", queryset={queryset})")
                }
                1 => {
                    let queryset = self.simple(&end);
                    format!(
                        "Prefetch(\"{path}\", queryset={queryset}.order_by(\"-pk\"), to_attr=\"kept{place}\")"
                    )
                }
                2 => {
                    let tail = *self.rng.pick(&[
                        "order_by(\"pk\")[:1]",
                        "only(\"pk\")",
                        "annotate(c=Count(\"pk\"))",
                        "select_related()",
                        "distinct()",
                    ]);
                    format!("Prefetch(\"{path}\", {end}.objects.{tail})")
                }
                _ => format!("\"{path}\""),
            };
            let argument = text(&argument);
            if !arguments.contains(&argument) {
                arguments.push(argument);
            }
        }
        calls.push(call("prefetch_related", arguments));
        if self.rng.chance(20) {
            self.slice(model, calls);
        }
    }

    /// A path of attributes over one or two relations, and where it leads.
    fn attributes(&mut self, model: &str) -> Option<(String, String)> {
        let (mut path, mut at) = (Vec::new(), model.to_owned());
        for _ in 0..2 {
            let about = &self.schema[&at];
            if about.relations.is_empty() || (!path.is_empty() && self.rng.chance(60)) {
                break;
            }
            let (name, to, _) = self.rng.pick(&about.relations).clone();
            path.push(about.accessors.get(&name).cloned().unwrap_or(name));
            at = to;
        }
        (!path.is_empty()).then(|| (path.join("__"), at))
    }

    /// `only` and `defer`, over relations that are selected too.
    pub(super) fn loaded(&mut self, model: &str, calls: &mut Vec<Call>) {
        let mut names = vec![self.own_field(model)];
        if let Some(path) = self.single_path(model) {
            let first = path.split("__").next().unwrap_or(&path).to_owned();
            calls.push(call("select_related", vec![text(&format!("\"{path}\""))]));
            if self.rng.chance(60) {
                let to = self.relation_model(model, &first);
                let field = self.own_field(&to);
                names.push(format!("{first}__{field}"));
            }
            if self.rng.chance(50) {
                names.push(first);
            }
        }
        let method = *self.rng.pick(&["only", "defer"]);
        let arguments = names
            .iter()
            .map(|name| text(&format!("\"{name}\"")))
            .collect();
        calls.push(call(method, arguments));
        if self.rng.chance(25) {
            let name = self.own_field(model);
            let method = *self.rng.pick(&["only", "defer"]);
            calls.push(call(method, vec![text(&format!("\"{name}\""))]));
        }
    }

    /// Statements that look at the rows: what has to be loaded is loaded then.
    pub(super) fn looked_at(&mut self, model: &str) -> String {
        let about = &self.schema[model];
        let field = self.own_field(model);
        let Some((name, _, many)) =
            (!about.relations.is_empty()).then(|| self.rng.pick(&about.relations).clone())
        else {
            return format!("[(row.pk, row.{field}) for row in QUERYSET]");
        };
        let attribute = about.accessors.get(&name).cloned().unwrap_or(name);
        match (many, self.rng.below(5)) {
            (_, 4) => "list(QUERYSET.iterator(chunk_size=2))".to_owned(),
            (_, 0) => format!("[(row.pk, row.{field}) for row in QUERYSET]"),
            (true, 1) => format!("[row.{attribute}.count() for row in QUERYSET]"),
            (true, 2) => format!("[list(row.{attribute}.filter(pk__gt=1)) for row in QUERYSET]"),
            (true, _) => format!("[list(row.{attribute}.all()) for row in QUERYSET]"),
            (false, _) => format!("[getattr(row, \"{attribute}\", None) for row in QUERYSET]"),
        }
    }
}
