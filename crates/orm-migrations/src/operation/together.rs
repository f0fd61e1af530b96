//! The two options that are sets of groups of fields.

/// Which option `AlterUniqueTogether` and `AlterIndexTogether` change. The second is no option of
/// models any more, but migrations written while it was one still are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    Unique,
    Index,
}

impl Together {
    pub const ALL: [Together; 2] = [Together::Unique, Together::Index];

    pub fn option_name(self) -> &'static str {
        match self {
            Together::Unique => "unique_together",
            Together::Index => "index_together",
        }
    }
    /// The operation that changes it.
    pub fn class_name(self) -> &'static str {
        match self {
            Together::Unique => "AlterUniqueTogether",
            Together::Index => "AlterIndexTogether",
        }
    }
}
