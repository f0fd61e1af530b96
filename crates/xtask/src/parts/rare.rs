//! Which data only rarely used functions can reach.
//!
//! A function that is often used reaches what it refers to, what the functions
//! refer to that the optimiser put into it, and whatever these data point to.

use std::collections::HashSet;
use std::ops::Range;

use super::shape;
use super::symbols::Symbols;
use super::wasm::{Module, Named, section, walk};

/// Shorter pieces of data stay where they are.
const WORTH_MOVING: u32 = 64;
/// Functions of so few bytes stay: what stands in their place is not shorter.
const SMALL: usize = 40;

/// Which functions are too small to leave, and bring no data with them.
///
/// It also keeps together what chance takes apart: whether two keys are ever
/// compared depends on the numbers that a table hashes with.
pub fn small(module: &Module, symbols: &Symbols) -> Result<Vec<bool>, String> {
    let imported = shape::imported_functions(module)?;
    let bodies = shape::bodies(module)?;
    let names = shape::names(module, imported + bodies.len())?;
    let brings_none = |name: &Vec<u8>| {
        symbols
            .functions
            .get(name)
            .is_some_and(|all| all.iter().all(|at| symbols.used[*at].data.is_empty()))
    };
    Ok(bodies
        .iter()
        .zip(&names[imported..])
        .map(|(body, name)| body.len() <= SMALL && brings_none(name))
        .collect())
}

/// Places in memory, sorted, that no function of `often` can reach. `module` is
/// the optimised module, with names; `symbols` are the linked module's.
pub fn data(module: &Module, symbols: &Symbols, often: &[bool]) -> Result<Vec<Range<u32>>, String> {
    let imported = shape::imported_functions(module)?;
    let names = shape::names(module, imported + often.len())?;
    let still_there: HashSet<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let mut reached = vec![false; symbols.places.len()];
    let mut waiting: Vec<usize> = Vec::new();

    let mut functions: Vec<usize> = Vec::new();
    for (name, _) in names[imported..]
        .iter()
        .zip(often)
        .filter(|(_, often)| **often)
    {
        functions.extend(symbols.functions.get(name).into_iter().flatten());
    }
    functions.extend(astray(symbols, &still_there));
    let mut seen: HashSet<usize> = functions.iter().copied().collect();
    while let Some(function) = functions.pop() {
        let refers = &symbols.used[function];
        waiting.extend(&refers.data);
        for called in &refers.functions {
            let gone = !still_there.contains(symbols.names[*called].as_slice());
            if gone && seen.insert(*called) {
                functions.push(*called);
            }
        }
    }
    waiting.extend(mentioned(module, symbols, often)?);
    while let Some(piece) = waiting.pop() {
        if !std::mem::replace(&mut reached[piece], true) {
            waiting.extend(&symbols.points_to[piece]);
        }
    }
    Ok(without(&symbols.places, &reached))
}

/// Functions that were put into one whose name tells nothing: no function that
/// is still there by its name leads to them. They may be in any.
fn astray(symbols: &Symbols, still_there: &HashSet<&[u8]>) -> Vec<usize> {
    let is_there = |function: &usize| still_there.contains(symbols.names[*function].as_slice());
    let all = 0..symbols.names.len();
    let mut waiting: Vec<usize> = all.clone().filter(is_there).collect();
    let mut found: HashSet<usize> = waiting.iter().copied().collect();
    while let Some(function) = waiting.pop() {
        for called in &symbols.used[function].functions {
            if found.insert(*called) {
                waiting.push(*called);
            }
        }
    }
    all.filter(|function| !found.contains(function)).collect()
}

/// The pieces whose places stand in the code itself: names may have been lost.
fn mentioned(module: &Module, symbols: &Symbols, often: &[bool]) -> Result<Vec<usize>, String> {
    let mut order: Vec<usize> = (0..symbols.places.len()).collect();
    order.sort_unstable_by_key(|piece| symbols.places[*piece].start);
    let code = module.get(section::CODE);
    let mut found = Vec::new();
    for (body, _) in shape::bodies(module)?
        .into_iter()
        .zip(often)
        .filter(|(_, often)| **often)
    {
        walk(&code[body], |named, _| {
            if let Named::Place(place) = named {
                let after = order.partition_point(|piece| symbols.places[*piece].start <= place);
                // Several symbols may stand for one place.
                let near = order[..after].iter().rev().take(4);
                // A loop over a list may know only where it ends.
                let holds = |at: &Range<u32>| at.contains(&place) || at.end == place;
                found.extend(near.filter(|piece| holds(&symbols.places[**piece])));
            }
        })?;
    }
    Ok(found)
}

/// What symbols stand for that were not reached, less what others stand for
/// that were.
fn without(places: &[Range<u32>], reached: &[bool]) -> Vec<Range<u32>> {
    let of = |wanted: bool| {
        let mut list: Vec<Range<u32>> = places
            .iter()
            .zip(reached)
            .filter(|(place, reached)| **reached == wanted && !place.is_empty())
            .map(|(place, _)| place.clone())
            .collect();
        list.sort_unstable_by_key(|place| (place.start, place.end));
        list
    };
    let kept = merged(of(true));
    let mut rare = Vec::new();
    for place in merged(of(false)) {
        let mut from = place.start;
        let first = kept.partition_point(|kept| kept.end <= place.start);
        for kept in kept[first..]
            .iter()
            .take_while(|kept| kept.start < place.end)
        {
            if from < kept.start {
                rare.push(from..kept.start);
            }
            from = from.max(kept.end);
        }
        if from < place.end {
            rare.push(from..place.end);
        }
    }
    rare.retain(|place| place.end - place.start >= WORTH_MOVING);
    rare
}

/// Overlapping and touching places as one.
fn merged(sorted: Vec<Range<u32>>) -> Vec<Range<u32>> {
    let mut all: Vec<Range<u32>> = Vec::new();
    for place in sorted {
        match all.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => all.push(place),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn what_two_symbols_share_stays() {
        let places = [0..200, 150..400, 400..500, 900..910];
        let reached = [true, false, false, false];
        assert_eq!(
            without(&places, &reached),
            std::iter::once(200..500).collect::<Vec<_>>()
        );
    }
}
