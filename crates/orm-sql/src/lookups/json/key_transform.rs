//! `data__owner__name`: a key inside a JSON document; `KT("data__owner")` gives its text.
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, Expression, Sources};
use crate::expressions::F;
use crate::expressions::fields::unbound;
use crate::lookup::{Registered, TransformFactory};
use crate::lookups::class_registry;
use crate::lookups::kind::{Builtin, Family, Op};
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// `KeyTransform(key, lhs)`, or `KeyTextTransform` where `text` is set.
#[derive(Clone, Debug)]
pub struct KeyTransform {
    pub key: Rc<str>,
    pub lhs: Expr,
    pub text: bool,
}

impl KeyTransform {
    pub fn new(key: &str, lhs: Expr, text: bool) -> Expr {
        Rc::new(KeyTransform {
            key: key.into(),
            lhs,
            text,
        })
    }
    /// The document's SQL and the keys that lead here (`preprocess_lhs`).
    pub fn preprocess(&self, compiler: &Compiler) -> Result<(SqlWriter, Vec<Value>)> {
        let mut keys: Vec<Value> = vec![self.key.clone().into()];
        let mut previous = self.lhs.clone();
        while let Some(k) = previous.as_any().downcast_ref::<KeyTransform>() {
            keys.push(k.key.clone().into());
            let next = k.lhs.clone();
            previous = next;
        }
        keys.reverse();
        Ok((compiler.compiled(&previous)?, keys))
    }
    fn postgresql_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let (inner, keys) = self.preprocess(compiler)?;
        let (one, nested) = if self.text {
            ("->>", "#>>")
        } else {
            ("->", "#>")
        };
        out.push("(");
        out.append(inner);
        if keys.len() > 1 {
            out.push(&format!(" {nested} "));
            out.param(Value::List(keys.into()));
        } else {
            out.push(&format!(" {one} "));
            out.param(match orm_state::field::prep::parse_python_int(&self.key) {
                Some(i) => i.into(),
                None => self.key.clone().into(),
            });
        }
        out.push(")");
        Ok(())
    }
    fn mysql_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let (inner, keys) = self.preprocess(compiler)?;
        let path: Value = compiler.dialect().compile_json_path(&keys, true)?.into();
        let on_column = self
            .lhs
            .output_field_or_none()?
            .is_some_and(|f| f.is_bound());
        if self.text && on_column {
            out.push("(");
            out.append(inner);
            out.push(" ->> ");
            out.param(path);
            out.push(")");
            return Ok(());
        }
        out.push(if self.text {
            "JSON_UNQUOTE(JSON_EXTRACT("
        } else {
            "JSON_EXTRACT("
        });
        out.append(inner);
        out.push(", ");
        out.param(path);
        out.push(if self.text { "))" } else { ")" });
        Ok(())
    }
}

/// `KT("data__owner__name")`
pub fn kt(lookup: &str) -> Result<Expr> {
    let mut parts = lookup.split("__");
    let mut expr = F::new(parts.next().unwrap_or_default());
    let keys: Vec<&str> = parts.collect();
    if keys.is_empty() {
        return Err(Error::value_error(
            "Lookup must contain key or index transforms.",
        ));
    }
    for key in keys {
        expr = KeyTransform::new(key, expr, true);
    }
    Ok(expr)
}

/// Makes the transform of a key that nobody registered.
#[derive(Clone, Debug)]
pub struct KeyTransformFactory {
    pub key: Rc<str>,
}

impl TransformFactory for KeyTransformFactory {
    fn lookup_name(&self) -> String {
        self.key.to_string()
    }
    fn class_name(&self) -> String {
        "KeyTransform".into()
    }
    fn make(&self, lhs: Expr) -> Result<Expr> {
        Ok(KeyTransform::new(&self.key, lhs, false))
    }
}

/// The lookups registered on `KeyTransform` itself.
pub fn key_lookup(name: &str) -> Option<Builtin> {
    let op = Op::of_field(name)?;
    (!matches!(op, Op::Contains | Op::Range)).then_some(Builtin {
        op,
        family: Family::Key,
    })
}

impl Expression for KeyTransform {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        if self.text {
            "KeyTextTransform".into()
        } else {
            "KeyTransform".into()
        }
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.lhs.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let lhs = sources
            .into_iter()
            .next()
            .unwrap_or_else(|| self.lhs.clone());
        KeyTransform::new(&self.key, lhs, self.text)
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        match compiler.dialect().kind() {
            Vendor::Sqlite => {
                let (inner, keys) = self.preprocess(compiler)?;
                let path = compiler.dialect().compile_json_path(&keys, true)?;
                super::sqlite_extract(inner, &path, out);
                Ok(())
            }
            Vendor::Postgresql => self.postgresql_sql(compiler, out),
            Vendor::Mysql => self.mysql_sql(compiler, out),
        }
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        if self.text {
            return Ok(Some(unbound(FieldKind::Text)));
        }
        self.lhs.output_field_or_none()
    }
    fn bilateral_transforms(&self) -> Vec<Rc<dyn TransformFactory>> {
        self.lhs.bilateral_transforms()
    }
    fn get_lookup(&self, name: &str) -> Result<Option<Registered>> {
        // `KeyTextTransform` descends from `KeyTransform`.
        let own = |class: &str| class_registry::registered(class, name);
        let mut found = own("KeyTransform");
        if self.text {
            found = own("KeyTextTransform").or(found);
        }
        if let Some(r) = found {
            return Ok(Some(r).filter(|r| matches!(r, Registered::Lookup(_))));
        }
        match key_lookup(name) {
            Some(b) => Ok(Some(Registered::Lookup(Rc::new(b)))),
            None => crate::lookup::field_lookup(&*self.output_field()?, name),
        }
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<KeyTransform>()
            .is_some_and(|o| self.key == o.key && self.text == o.text)
    }
    fn repr(&self) -> String {
        format!("{}({})", Expression::name(self), self.lhs.repr())
    }
}
