//! "perhaps you meant …": Python's `difflib.get_close_matches`.
use orm_state::Field;
use orm_state::maps::HashMap;

/// Up to three names of a field's lookups that resemble `name`, best first.
pub fn close_matches(field: &Field, name: &str) -> Vec<String> {
    closest(name, &super::names(field))
}

/// ```
/// use orm_sql::lookups::close_matches::closest;
/// let names = ["exact".to_string(), "iexact".into(), "in".into()];
/// assert_eq!(closest("exat", &names), ["exact", "iexact"]);
/// ```
pub fn closest(word: &str, possibilities: &[String]) -> Vec<String> {
    let word: Vec<char> = word.chars().collect();
    let mut found: Vec<(f64, &String)> = possibilities
        .iter()
        .map(|p| (ratio(&p.chars().collect::<Vec<_>>(), &word), p))
        .filter(|(r, _)| *r >= 0.6)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(a.1)));
    found.into_iter().take(3).map(|(_, p)| p.clone()).collect()
}

/// `SequenceMatcher(None, a, b).ratio()`
fn ratio(a: &[char], b: &[char]) -> f64 {
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    2.0 * matching(a, b) as f64 / (a.len() + b.len()) as f64
}

/// The characters in matching blocks: the longest one, then those left and right of it.
fn matching(a: &[char], b: &[char]) -> usize {
    let (mut best, mut at_a, mut at_b) = (0, 0, 0);
    let mut lengths: HashMap<usize, usize> = HashMap::default();
    for (i, x) in a.iter().enumerate() {
        let mut next = HashMap::default();
        for (j, y) in b.iter().enumerate() {
            if x != y {
                continue;
            }
            let length = 1 + j.checked_sub(1).and_then(|k| lengths.get(&k)).unwrap_or(&0);
            next.insert(j, length);
            if length > best {
                (best, at_a, at_b) = (length, i + 1 - length, j + 1 - length);
            }
        }
        lengths = next;
    }
    if best == 0 {
        return 0;
    }
    best + matching(&a[..at_a], &b[..at_b]) + matching(&a[at_a + best..], &b[at_b + best..])
}
