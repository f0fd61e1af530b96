//! An expression that holds nothing the ORM could use: what users build their own on.
use orm_sql::{Compiler, Expr, Expression, Sources, SqlWriter};
use orm_state::{Error, Field, Result};
use std::any::Any;
use std::rc::Rc;

/// What a direct subclass of `Expression` holds: nothing but a type.
#[derive(Clone, Debug)]
pub struct Hollow {
    pub name: String,
    pub output: Option<Rc<Field>>,
    /// Its `repr()`, where it holds nothing that the ORM could use.
    pub shown: Option<String>,
}

impl Hollow {
    pub fn shown(name: &str, shown: String) -> Expr {
        Rc::new(Hollow {
            name: name.into(),
            output: None,
            shown: Some(shown),
        })
    }
}

impl Expression for Hollow {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        self.name.clone()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(Error::new(
            orm_state::ErrorKind::NotImplementedError,
            "Subclasses must implement as_sql()",
        ))
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(self.output.clone())
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Hollow {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn repr(&self) -> String {
        self.shown
            .clone()
            .unwrap_or_else(|| format!("{}()", self.name))
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Hollow>().is_some_and(|o| {
            o.name == self.name
                && o.shown == self.shown
                && orm_sql::expressions::value::same_output(&self.output, &o.output)
        })
    }
}
