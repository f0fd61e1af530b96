//! A column of a joined table: what a name becomes once resolved.
//!
//! ```text
//! F("author__name")  →  Col("app_author", Author.name)  →  "app_author"."name"
//! ```
use crate::compiler::Compiler;
use crate::expression::{AliasMap, Expr, Expression, Resolve, Sources};
use crate::query::{Alias, Query};
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result};
use std::any::Any;
use std::rc::Rc;

/// `Col(alias, target, output_field)`; an empty alias leaves the table out.
#[derive(Clone, Debug)]
pub struct Col {
    pub alias: Alias,
    pub target: Rc<Field>,
    pub output: Rc<Field>,
    pub multivalued: bool,
    /// Went through a renaming of aliases, even if its own stayed. On its model's own table it then
    /// is another expression than the column that did not.
    pub remade: bool,
}

impl Col {
    /// The column of `target`. Without an output field a foreign key behaves like the field it
    /// points to (`Field.get_col`).
    pub fn new(alias: Alias, target: Rc<Field>, output: Option<Rc<Field>>) -> Rc<Col> {
        let output = output.unwrap_or_else(|| value_field(&target));
        Rc::new(Col {
            alias,
            target,
            output,
            multivalued: false,
            remade: false,
        })
    }
}

impl Col {
    /// On its model's own table and of its own type: the column that a field hands out again and
    /// again.
    fn is_plain(&self) -> bool {
        same_field(&self.target, &self.output)
            && self
                .target
                .model()
                .is_some_and(|model| *model.db_table() == *self.alias)
    }
}

/// `field.get_col(alias, output_field)`: a composite key gives one column for each of its fields.
pub fn get_col(alias: Alias, target: Rc<Field>, output: Option<Rc<Field>>) -> Result<Expr> {
    if target.kind == FieldKind::CompositePrimaryKey {
        let model = target
            .model()
            .ok_or_else(|| Error::field_error("The composite key is not bound to a model."))?;
        let fields = model.pk_fields()?;
        // Reached through a relation, they are compared as the relation's.
        let output = output.filter(|f| f.is_relation()).unwrap_or(target);
        return Ok(ColPairs::new(alias, fields.clone(), fields, output));
    }
    Ok(Col::new(alias, target, output))
}

/// What a foreign key's column holds: the field at the end of its chain of keys.
pub fn value_field(field: &Rc<Field>) -> Rc<Field> {
    let mut f = field.clone();
    let mut steps = 0;
    while matches!(f.kind, FieldKind::ForeignKey | FieldKind::OneToOne) && steps < 64 {
        match f.target_field() {
            Ok(next) if !Rc::ptr_eq(&next, field) => f = next,
            _ => return field.clone(),
        }
        steps += 1;
    }
    f
}

impl Expression for Col {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Col".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, _: &mut Query, _: &Resolve) -> Result<Expr> {
        Ok(self)
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let column = self.target.column().ok_or_else(|| {
            Error::field_error(format!("Field {} has no column.", self.target.name()))
        })?;
        if !self.alias.is_empty() {
            compiler.quote_name(&self.alias, out);
            out.push(".");
        }
        compiler.quote_name(&column, out);
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(self.output.clone()))
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Col {
            output: field,
            ..self.clone()
        }))
    }
    fn contains_column_references(&self) -> Result<bool> {
        Ok(true)
    }
    fn possibly_multivalued(&self) -> bool {
        self.multivalued
    }
    fn relabeled(self: Rc<Self>, map: &AliasMap) -> Expr {
        if self.alias.is_empty() {
            return self;
        }
        // Made anew, it knows nothing of the path that led to it.
        Rc::new(Col {
            alias: map.get(&self.alias).unwrap_or(&self.alias).clone(),
            target: self.target.clone(),
            output: self.output.clone(),
            multivalued: false,
            remade: true,
        })
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![self])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Col>().is_some_and(|o| {
            self.alias == o.alias
                && same_field(&self.target, &o.target)
                && same_field(&self.output, &o.output)
                && (self.remade == o.remade || !self.is_plain())
        })
    }
    fn repr(&self) -> String {
        let target = label(&self.target);
        if self.alias.is_empty() {
            format!("Col({target})")
        } else {
            format!("Col({}, {target})", self.alias)
        }
    }
}

/// `app.Model.field`, as Django prints a field.
pub(crate) fn label(field: &Field) -> String {
    match field.model() {
        Some(m) => format!("{}.{}", m.label(), field.name()),
        None if field.name().is_empty() => {
            format!("<{}.{}>", field.class.module, field.class.name)
        }
        None => format!(
            "<{}.{}: {}>",
            field.class.module,
            field.class.name,
            field.name()
        ),
    }
}

fn same_field(a: &Rc<Field>, b: &Rc<Field>) -> bool {
    a.same(b) || (!a.is_bound() && !b.is_bound() && Rc::ptr_eq(&a.class, &b.class))
}

/// The columns of a composite primary key, or of a relation over several columns.
#[derive(Clone, Debug)]
pub struct ColPairs {
    pub alias: Alias,
    pub targets: Vec<Rc<Field>>,
    pub sources: Vec<Rc<Field>>,
    pub output: Rc<Field>,
}

impl ColPairs {
    pub fn new(
        alias: Alias,
        targets: Vec<Rc<Field>>,
        sources: Vec<Rc<Field>>,
        output: Rc<Field>,
    ) -> Expr {
        Rc::new(ColPairs {
            alias,
            targets,
            sources,
            output,
        })
    }
    /// One column for each target.
    pub fn cols(&self) -> Vec<Expr> {
        self.targets
            .iter()
            .zip(&self.sources)
            .map(|(t, s)| -> Expr { Col::new(self.alias.clone(), t.clone(), Some(s.clone())) })
            .collect()
    }
}

impl Expression for ColPairs {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "ColPairs".into()
    }
    fn sources(&self) -> Sources {
        self.cols().into_iter().collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let cols: Vec<&Col> = sources
            .iter()
            .filter_map(|s| s.as_any().downcast_ref::<Col>())
            .collect();
        Rc::new(ColPairs {
            alias: cols
                .first()
                .map_or_else(|| self.alias.clone(), |c| c.alias.clone()),
            targets: cols.iter().map(|c| c.target.clone()).collect(),
            sources: cols.iter().map(|c| c.output.clone()).collect(),
            output: self.output.clone(),
        })
    }
    fn resolve(self: Rc<Self>, _: &mut Query, _: &Resolve) -> Result<Expr> {
        Ok(self)
    }
    fn is_composite(&self) -> bool {
        true
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        for (i, col) in self.cols().iter().enumerate() {
            if i > 0 {
                out.push(", ");
            }
            compiler.compile(col, out)?;
        }
        Ok(())
    }
    fn select_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        self.as_sql(compiler, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(self.output.clone()))
    }
    fn relabeled(self: Rc<Self>, map: &AliasMap) -> Expr {
        match map.get(&self.alias) {
            Some(to) => Rc::new(ColPairs {
                alias: to.clone(),
                ..(*self).clone()
            }),
            None => self,
        }
    }
    fn repr(&self) -> String {
        let list = |fields: &[Rc<Field>]| {
            let names: Vec<String> = fields.iter().map(|f| format!("{f:?}")).collect();
            format!("[{}]", names.join(", "))
        };
        format!(
            "ColPairs('{}', {}, {}, {:?})",
            self.alias,
            list(&self.targets),
            list(&self.sources),
            self.output
        )
    }
}
