//! What the built-in lookups are: an operation, in the manner of a family of fields.
use crate::compiler::Compiler;
use crate::expression::Expr;
use crate::lookup::{Lookup, LookupFactory, LookupKind, Rhs, TransformFactory};
use crate::writer::SqlWriter;
use orm_state::Result;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Exact,
    IExact,
    Gt,
    Gte,
    Lt,
    Lte,
    In,
    Contains,
    IContains,
    StartsWith,
    IStartsWith,
    EndsWith,
    IEndsWith,
    Range,
    IsNull,
    Regex,
    IRegex,
    // JSONField only.
    DataContains,
    ContainedBy,
    HasKey,
    HasKeys,
    HasAnyKeys,
    /// `HasKey` whose key may index an array; behind `isnull` of a key.
    HasKeyOrArrayIndex,
}

/// Whose lookups they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `Field`'s own.
    Plain,
    Integer,
    Uuid,
    /// Foreign keys and their kin.
    Related,
    /// `year` and `iso_year`.
    Year,
    Json,
    /// Keys inside a JSON document.
    Key,
    /// Composite primary keys.
    Tuple,
}

/// One built-in lookup class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Builtin {
    pub op: Op,
    pub family: Family,
}

use Op::*;

/// Operations with their lookup name and class name on `Field`.
const OPS: [(Op, &str, &str); 23] = [
    (Exact, "exact", "Exact"),
    (IExact, "iexact", "IExact"),
    (Gt, "gt", "GreaterThan"),
    (Gte, "gte", "GreaterThanOrEqual"),
    (Lt, "lt", "LessThan"),
    (Lte, "lte", "LessThanOrEqual"),
    (In, "in", "In"),
    (Contains, "contains", "Contains"),
    (IContains, "icontains", "IContains"),
    (StartsWith, "startswith", "StartsWith"),
    (IStartsWith, "istartswith", "IStartsWith"),
    (EndsWith, "endswith", "EndsWith"),
    (IEndsWith, "iendswith", "IEndsWith"),
    (Range, "range", "Range"),
    (IsNull, "isnull", "IsNull"),
    (Regex, "regex", "Regex"),
    (IRegex, "iregex", "IRegex"),
    (DataContains, "contains", "DataContains"),
    (ContainedBy, "contained_by", "ContainedBy"),
    (HasKey, "has_key", "HasKey"),
    (HasKeys, "has_keys", "HasKeys"),
    (HasAnyKeys, "has_any_keys", "HasAnyKeys"),
    (HasKeyOrArrayIndex, "has_key", "HasKeyOrArrayIndex"),
];

impl Op {
    pub fn lookup_name(self) -> &'static str {
        OPS.iter()
            .find(|(op, ..)| *op == self)
            .map_or("", |(_, n, _)| n)
    }
    fn base_class(self) -> &'static str {
        OPS.iter()
            .find(|(op, ..)| *op == self)
            .map_or("", |(_, _, c)| c)
    }
    /// The operation that every field has under `name`.
    pub fn of_field(name: &str) -> Option<Op> {
        OPS[..17]
            .iter()
            .find(|(_, n, _)| *n == name)
            .map(|(op, ..)| *op)
    }
    pub fn is_pattern(self) -> bool {
        matches!(
            self,
            Contains | IContains | StartsWith | IStartsWith | EndsWith | IEndsWith
        )
    }
    /// Lookups into a JSON document, whose left side stays as it is.
    pub fn is_document(self) -> bool {
        matches!(
            self,
            DataContains | ContainedBy | HasKey | HasKeys | HasAnyKeys | HasKeyOrArrayIndex
        )
    }
    /// Comparisons whose right side the field prepares for the database.
    pub fn preps_for_db(self) -> bool {
        matches!(
            self,
            Exact | Gt | Gte | Lt | Lte | In | Range | DataContains | ContainedBy
        )
    }
    /// Does the field convert the right side (`prepare_rhs`)?
    pub fn prepares_rhs(self) -> bool {
        !self.is_pattern()
            && !matches!(
                self,
                IExact | IsNull | Regex | IRegex | HasKey | HasKeyOrArrayIndex
            )
    }
    pub fn takes_list(self) -> bool {
        matches!(self, In | Range)
    }
}

impl Builtin {
    pub const fn plain(op: Op) -> Builtin {
        Builtin {
            op,
            family: Family::Plain,
        }
    }
    /// Every built-in lookup, for finding one by its class name.
    pub fn all() -> Vec<Builtin> {
        use Family::*;
        let mut all: Vec<Builtin> = OPS.iter().map(|(op, ..)| Builtin::plain(*op)).collect();
        let mut add = |family, ops: &[Op]| {
            all.extend(ops.iter().map(|op| Builtin { op: *op, family }));
        };
        add(Integer, &[Exact, Gt, Gte, Lt, Lte]);
        add(Year, &[Exact, Gt, Gte, Lt, Lte]);
        add(Related, &[Exact, Gt, Gte, Lt, Lte, In, IsNull]);
        add(Tuple, &[Exact, Gt, Gte, Lt, Lte, In, IsNull]);
        let text = [
            IExact,
            Contains,
            IContains,
            StartsWith,
            IStartsWith,
            EndsWith,
            IEndsWith,
        ];
        add(Uuid, &text);
        add(Json, &[Exact, IContains, In]);
        add(Key, &[Exact, IExact, IsNull, In, Gt, Gte, Lt, Lte]);
        add(
            Key,
            &[
                IContains,
                StartsWith,
                IStartsWith,
                EndsWith,
                IEndsWith,
                Regex,
                IRegex,
            ],
        );
        all
    }
}

impl LookupKind for Builtin {
    fn takes_tuples(&self) -> bool {
        self.family == Family::Tuple
    }
    fn lookup_name(&self) -> &'static str {
        self.op.lookup_name()
    }
    fn class_name(&self) -> &'static str {
        use Family::*;
        match (self.family, self.op) {
            (Integer, Exact) => "IntegerFieldExact",
            (Integer, Gt) => "IntegerGreaterThan",
            (Integer, Gte) => "IntegerGreaterThanOrEqual",
            (Integer, Lt) => "IntegerLessThan",
            (Integer, Lte) => "IntegerLessThanOrEqual",
            (Year, Exact) => "YearExact",
            (Year, Gt) => "YearGt",
            (Year, Gte) => "YearGte",
            (Year, Lt) => "YearLt",
            (Year, Lte) => "YearLte",
            (Related, Exact) => "RelatedExact",
            (Related, Gt) => "RelatedGreaterThan",
            (Related, Gte) => "RelatedGreaterThanOrEqual",
            (Related, Lt) => "RelatedLessThan",
            (Related, Lte) => "RelatedLessThanOrEqual",
            (Related, In) => "RelatedIn",
            (Related, IsNull) => "RelatedIsNull",
            (Tuple, Exact) => "TupleExact",
            (Tuple, Gt) => "TupleGreaterThan",
            (Tuple, Gte) => "TupleGreaterThanOrEqual",
            (Tuple, Lt) => "TupleLessThan",
            (Tuple, Lte) => "TupleLessThanOrEqual",
            (Tuple, In) => "TupleIn",
            (Tuple, IsNull) => "TupleIsNull",
            (Uuid, IExact) => "UUIDIExact",
            (Uuid, Contains) => "UUIDContains",
            (Uuid, IContains) => "UUIDIContains",
            (Uuid, StartsWith) => "UUIDStartsWith",
            (Uuid, IStartsWith) => "UUIDIStartsWith",
            (Uuid, EndsWith) => "UUIDEndsWith",
            (Uuid, IEndsWith) => "UUIDIEndsWith",
            (Json, Exact) => "JSONExact",
            (Json, IContains) => "JSONIContains",
            (Json, In) => "JSONIn",
            (Key, Exact) => "KeyTransformExact",
            (Key, IExact) => "KeyTransformIExact",
            (Key, IsNull) => "KeyTransformIsNull",
            (Key, In) => "KeyTransformIn",
            (Key, Gt) => "KeyTransformGt",
            (Key, Gte) => "KeyTransformGte",
            (Key, Lt) => "KeyTransformLt",
            (Key, Lte) => "KeyTransformLte",
            (Key, IContains) => "KeyTransformIContains",
            (Key, StartsWith) => "KeyTransformStartsWith",
            (Key, IStartsWith) => "KeyTransformIStartsWith",
            (Key, EndsWith) => "KeyTransformEndsWith",
            (Key, IEndsWith) => "KeyTransformIEndsWith",
            (Key, Regex) => "KeyTransformRegex",
            (Key, IRegex) => "KeyTransformIRegex",
            _ => self.op.base_class(),
        }
    }
    fn can_use_none_as_rhs(&self) -> bool {
        match self.family {
            Family::Json => self.op == Exact,
            Family::Key => matches!(self.op, Exact | IExact),
            _ => false,
        }
    }
    fn prepare(&self, lookup: Lookup) -> Result<Lookup> {
        super::prepare::prepare(*self, lookup)
    }
    fn as_sql(&self, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        super::build::as_sql(*self, lookup, compiler, out)
    }
    fn lhs_sql(&self, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        super::sides::process_lhs(*self, &lookup.lhs, compiler, out)
    }
    fn rhs_sql(&self, lookup: &Lookup, compiler: &Compiler) -> Result<SqlWriter> {
        super::sides::process_rhs(*self, lookup, compiler)
    }
}

impl LookupFactory for Builtin {
    fn lookup_name(&self) -> String {
        self.op.lookup_name().into()
    }
    fn class_name(&self) -> String {
        LookupKind::class_name(self).into()
    }
    fn make(&self, lhs: Expr, rhs: Rhs, bilateral: Vec<Rc<dyn TransformFactory>>) -> Result<Expr> {
        if !bilateral.is_empty()
            && let Rhs::Expr(e) = &rhs
            && crate::query::subquery::query_of(e).is_some()
        {
            return Err(orm_state::Error::not_implemented(
                "Bilateral transformations on nested querysets are not implemented.",
            ));
        }
        let lookup = Lookup::new(Rc::new(*self), lhs, rhs, bilateral);
        Ok(Rc::new(super::prepare::prepare(*self, lookup)?))
    }
}
