//! A queryset as a chain of calls that can be made smaller.

use std::fmt;

/// Stands for the queryset in a shape.
const PLACE: &str = "QUERYSET";

/// `MODEL.objects` and calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The model.
    pub model: String,
    /// The calls.
    pub calls: Vec<Call>,
    /// What is done with it: statements where `QUERYSET` stands for it. Empty
    /// to look at its rows.
    pub shape: String,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `filter`; empty for a slice; `&`, `|` or `^` for another queryset.
    pub method: String,
    /// Its arguments.
    pub arguments: Vec<Term>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Python as it stands.
    Text(String),
    /// Conditions joined by `&`, `|` or `^`.
    Joined(char, Vec<Term>),
    /// `~condition`
    Not(Box<Term>),
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queryset = self.queryset();
        if self.shape.is_empty() {
            f.write_str(&queryset)
        } else {
            f.write_str(&self.shape.replace(PLACE, &queryset))
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Not(inner) => write!(f, "~{inner}"),
            Self::Joined(connector, terms) => {
                let terms: Vec<String> = terms.iter().map(Self::to_string).collect();
                write!(f, "({})", terms.join(&format!(" {connector} ")))
            }
        }
    }
}

impl Chain {
    /// The queryset alone.
    fn queryset(&self) -> String {
        let mut made = format!("{}.objects", self.model);
        for call in &self.calls {
            let arguments: Vec<String> = call.arguments.iter().map(Term::to_string).collect();
            match call.method.as_str() {
                "" => made.push_str(&format!("[{}]", arguments.join(""))),
                "&" | "|" | "^" => {
                    made = format!("({made} {} {})", call.method, arguments.join(""));
                }
                method => made.push_str(&format!(".{method}({})", arguments.join(", "))),
            }
        }
        made
    }

    /// Chains that are a little smaller.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        if !self.shape.is_empty() {
            all.push(Self {
                shape: String::new(),
                ..self.clone()
            });
        }
        for (index, call) in self.calls.iter().enumerate() {
            if self.calls.len() > 1 {
                let mut less = self.clone();
                less.calls.remove(index);
                all.push(less);
            }
            for (place, argument) in call.arguments.iter().enumerate() {
                if call.arguments.len() > 1 {
                    let mut less = self.clone();
                    less.calls[index].arguments.remove(place);
                    all.push(less);
                }
                for term in argument.smaller() {
                    let mut less = self.clone();
                    less.calls[index].arguments[place] = term;
                    all.push(less);
                }
            }
        }
        all
    }
}

impl Term {
    fn smaller(&self) -> Vec<Self> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::Not(inner) => {
                let mut all = vec![(**inner).clone()];
                all.extend(
                    inner
                        .smaller()
                        .into_iter()
                        .map(|term| Self::Not(Box::new(term))),
                );
                all
            }
            Self::Joined(connector, terms) => {
                let mut all = terms.clone();
                for (index, term) in terms.iter().enumerate() {
                    if terms.len() > 2 {
                        let mut fewer = terms.clone();
                        fewer.remove(index);
                        all.push(Self::Joined(*connector, fewer));
                    }
                    for less in term.smaller() {
                        let mut changed = terms.clone();
                        changed[index] = less;
                        all.push(Self::Joined(*connector, changed));
                    }
                }
                all
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Chain, Term};

    #[test]
    fn every_part_can_go() {
        let text = |text: &str| Term::Text(text.to_owned());
        let chain = Chain {
            model: "Book".to_owned(),
            calls: vec![Call {
                method: "filter".to_owned(),
                arguments: vec![Term::Joined(
                    '|',
                    vec![text("Q(a=1)"), Term::Not(Box::new(text("Q(b=2)")))],
                )],
            }],
            shape: String::new(),
        };
        assert_eq!(chain.to_string(), "Book.objects.filter((Q(a=1) | ~Q(b=2)))");
        let smaller: Vec<String> = chain.smaller().iter().map(Chain::to_string).collect();
        assert_eq!(
            smaller,
            [
                "Book.objects.filter(Q(a=1))",
                "Book.objects.filter(~Q(b=2))",
                "Book.objects.filter((Q(a=1) | Q(b=2)))",
            ]
        );
    }
}
