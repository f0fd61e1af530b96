//! Measurements.

use crate::Outcome;

/// `bench [--native|--page]`
pub fn bench(_words: &[String]) -> Outcome {
    Err("not there yet".to_owned())
}
