//! Fewer operations to the same end.
//!
//! ```text
//! CreateModel(A), AddField(A.x), DeleteModel(B)  →  CreateModel(A with x), DeleteModel(B)
//! ```
use crate::operation::Operation;
use crate::operation::reduce::Reduced;

/// Merges operations until nothing changes; what may not change places stays in order.
pub fn optimize(operations: Vec<Operation>, app_label: &str) -> Vec<Operation> {
    optimize_counted(operations, app_label).0
}

/// The same, with the number of passes it took; the last one finds nothing to do.
pub fn optimize_counted(
    mut operations: Vec<Operation>,
    app_label: &str,
) -> (Vec<Operation>, usize) {
    let mut passes = 1;
    while let Some(shorter) = pass(&operations, app_label) {
        operations = shorter;
        passes += 1;
    }
    (operations, passes)
}

/// One pass: the first pair that merges, or nothing.
pub fn pass(operations: &[Operation], app_label: &str) -> Option<Vec<Operation>> {
    for (i, operation) in operations.iter().enumerate() {
        // May what lies between move to the left of the merged one?
        let mut right = true;
        for (j, other) in operations.iter().enumerate().skip(i + 1) {
            let reduced = match operation.reduce(other, app_label) {
                Reduced::Later => Reduced::To(vec![other.clone()]),
                Reduced::First => Reduced::To(vec![operation.clone()]),
                reduced => reduced,
            };
            match reduced {
                Reduced::To(result) => {
                    let between = &operations[i + 1..j];
                    let mut out = operations[..i].to_vec();
                    if right {
                        out.extend_from_slice(between);
                        out.extend(result);
                    } else if between
                        .iter()
                        .all(|op| matches!(op.reduce(other, app_label), Reduced::Through))
                    {
                        out.extend(result);
                        out.extend_from_slice(between);
                    } else {
                        break;
                    }
                    out.extend_from_slice(&operations[j + 1..]);
                    return Some(out);
                }
                Reduced::Through => {}
                _ => right = false,
            }
        }
    }
    None
}
