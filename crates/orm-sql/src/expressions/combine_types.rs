//! What `a + b` gives, by the types of `a` and `b`.
//!
//! ```
//! use orm_sql::expressions::{Arith, combine_types::combined_kind, fields::unbound};
//! use orm_state::FieldKind;
//! let (i, d) = (unbound(FieldKind::Integer), unbound(FieldKind::Decimal));
//! assert_eq!(combined_kind(Arith::Mul, Some(&i), Some(&d)), Some(FieldKind::Decimal));
//! assert_eq!(combined_kind(Arith::Pow, Some(&i), Some(&d)), None);
//! ```
use crate::expressions::combined::Arith;
use orm_state::{Field, FieldKind};
use std::cell::RefCell;
use std::rc::Rc;

/// One registered combination: left class, right class, result. `None` is Python's `None`.
type Rule = (Option<&'static str>, Option<&'static str>, FieldKind);

const INT: &str = "IntegerField";
const FLOAT: &str = "FloatField";
const DECIMAL: &str = "DecimalField";
const POSITIVE: &str = "PositiveIntegerField";
const DATE: &str = "DateField";
const DATETIME: &str = "DateTimeField";
const TIME: &str = "TimeField";
const DURATION: &str = "DurationField";

fn same(class: &'static str, kind: FieldKind) -> Rule {
    (Some(class), Some(class), kind)
}
fn pair(a: &'static str, b: &'static str, kind: FieldKind) -> Rule {
    (Some(a), Some(b), kind)
}

/// The built-in combinations of a connector, in the order they are tried.
fn rules(connector: Arith) -> Vec<Rule> {
    use Arith::*;
    use FieldKind::*;
    let mut rules = vec![];
    if matches!(connector, Add | Mul | Div | Mod | Pow) {
        rules.push(same(POSITIVE, PositiveInteger));
    }
    if matches!(connector, Add | Sub | Mul | Div | Mod | Pow) {
        rules.extend([
            same(INT, Integer),
            same(FLOAT, Float),
            same(DECIMAL, Decimal),
        ]);
    }
    if matches!(connector, Add | Sub | Mul | Div | Mod) {
        rules.extend([
            pair(INT, DECIMAL, Decimal),
            pair(DECIMAL, INT, Decimal),
            pair(INT, FLOAT, Float),
            pair(FLOAT, INT, Float),
        ]);
    }
    if matches!(
        connector,
        BitAnd | BitOr | BitLeftShift | BitRightShift | BitXor
    ) {
        rules.push(same(INT, Integer));
    }
    if matches!(connector, Add | Sub | Mul | Div | Mod | Pow) {
        for (class, kind) in [(INT, Integer), (DECIMAL, Decimal), (FLOAT, Float)] {
            rules.push((Some(class), None, kind));
            rules.push((None, Some(class), kind));
        }
    }
    match connector {
        Add => rules.extend([
            pair(DATE, DURATION, DateTime),
            pair(DATETIME, DURATION, DateTime),
            pair(DURATION, DATE, DateTime),
            pair(DURATION, DATETIME, DateTime),
            same(DURATION, Duration),
            pair(TIME, DURATION, Time),
            pair(DURATION, TIME, Time),
        ]),
        Sub => rules.extend([
            pair(DATE, DURATION, DateTime),
            pair(DATETIME, DURATION, DateTime),
            same(DATE, Duration),
            pair(DATE, DATETIME, Duration),
            pair(DATETIME, DATE, Duration),
            same(DATETIME, Duration),
            same(DURATION, Duration),
            pair(TIME, DURATION, Time),
            same(TIME, Duration),
        ]),
        _ => {}
    }
    rules
}

/// Combinations that user code registered (`register_combinable_fields`).
#[derive(Clone)]
pub struct Registration {
    pub lhs: String,
    pub connector: Arith,
    pub rhs: String,
    pub result: Rc<Field>,
}

thread_local! {
    static REGISTERED: RefCell<Vec<Registration>> = RefCell::default();
}

/// Adds a combination, tried after the built-in ones.
pub fn register(registration: Registration) {
    REGISTERED.with(|r| r.borrow_mut().push(registration));
}

/// Forgets what user code registered.
pub fn clear_registered() {
    REGISTERED.with(|r| r.borrow_mut().clear());
}

fn fits(class: Option<&str>, field: Option<&Rc<Field>>) -> bool {
    match (class, field) {
        (None, None) => true,
        (Some(class), Some(f)) => f.class.is_a(class),
        _ => false,
    }
}

/// The built-in kind that `lhs connector rhs` gives.
pub fn combined_kind(
    connector: Arith,
    lhs: Option<&Rc<Field>>,
    rhs: Option<&Rc<Field>>,
) -> Option<FieldKind> {
    rules(connector)
        .into_iter()
        .find(|(l, r, _)| fits(*l, lhs) && fits(*r, rhs))
        .map(|(_, _, kind)| kind)
}

/// The field that `lhs connector rhs` gives, user registrations included.
pub fn combined_field(
    connector: Arith,
    lhs: Option<&Rc<Field>>,
    rhs: Option<&Rc<Field>>,
) -> Option<Rc<Field>> {
    if let Some(kind) = combined_kind(connector, lhs, rhs) {
        return Some(crate::expressions::fields::unbound(kind));
    }
    REGISTERED.with(|r| {
        r.borrow()
            .iter()
            .find(|r| {
                r.connector == connector && fits(Some(&r.lhs), lhs) && fits(Some(&r.rhs), rhs)
            })
            .map(|r| r.result.clone())
    })
}
