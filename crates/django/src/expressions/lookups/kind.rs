//! What a user's own `Lookup` is to the ORM: a name; its SQL is written by its class.
use orm_sql::lookup::{Lookup, LookupKind, Rhs};
use orm_sql::lookups::kind::{Builtin, Op};
use orm_sql::{Compiler, SqlWriter};
use orm_state::{Error, ErrorKind, Result};
use std::cell::RefCell;
use std::collections::HashSet;

/// A class that descends from `Lookup` without descending from one of its built-in subclasses.
#[derive(Clone, Debug)]
pub struct UserKind {
    pub lookup_name: &'static str,
    pub class_name: &'static str,
    /// The field converts the right side (`prepare_rhs`).
    pub prepares: bool,
    /// The field prepares the right side for the database (`FieldGetDbPrepValueMixin`).
    pub db_prepares: bool,
    pub none_as_rhs: bool,
}

thread_local! {
    static NAMES: RefCell<HashSet<&'static str>> = RefCell::default();
}

/// A name kept for good; a name is kept once.
pub fn kept(name: &str) -> &'static str {
    NAMES.with_borrow_mut(|names| match names.get(name) {
        Some(found) => found,
        None => {
            let made: &'static str = Box::leak(name.into());
            names.insert(made);
            made
        }
    })
}

impl UserKind {
    /// The built-in lookup that treats its right side in the same way.
    fn like(&self) -> Builtin {
        Builtin::plain(if self.db_prepares { Op::Gt } else { Op::Regex })
    }
}

impl LookupKind for UserKind {
    fn lookup_name(&self) -> &'static str {
        self.lookup_name
    }
    fn class_name(&self) -> &'static str {
        self.class_name
    }
    fn can_use_none_as_rhs(&self) -> bool {
        self.none_as_rhs
    }
    fn prepare(&self, lookup: Lookup) -> Result<Lookup> {
        if self.prepares {
            return Builtin::plain(Op::Gt).prepare(lookup);
        }
        Ok(match lookup.rhs {
            Rhs::Value(v) => Lookup {
                rhs: Rhs::new(v),
                ..lookup
            },
            Rhs::Expr(_) => lookup,
        })
    }
    fn as_sql(&self, _: &Lookup, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(Error::new(ErrorKind::NotImplementedError, ""))
    }
    fn lhs_sql(&self, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let mark = out.mark();
        compiler.compile(&lookup.lhs, out)?;
        if lookup.lhs.as_lookup().is_some() {
            out.wrap(mark, "(", ")");
        }
        Ok(())
    }
    fn rhs_sql(&self, lookup: &Lookup, compiler: &Compiler) -> Result<SqlWriter> {
        self.like().rhs_sql(lookup, compiler)
    }
}
