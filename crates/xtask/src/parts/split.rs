//! One module becomes two: what is often used, and the rest.
//!
//! ```text
//! first    every function under its old number; a rarely used one only fetches
//!          the rest and calls it there, through the table `part.table`
//! rest     the rarely used functions and the data that only they reach; it has
//!          the first one's memory, globals and tables
//! part.table    [ functions that the rest calls … | the rest's functions … ]
//! ```

use std::collections::HashMap;
use std::ops::Range;

use super::count::constant;
use super::shape;
use super::wasm::{Module, Named, Reader, list, section, skip_expression, unsigned, walk};

/// What the module exports to have the rest fetched, if it is not there yet.
const FETCH: &[u8] = b"ormscope_rest";

/// Both modules.
pub struct Parts {
    pub first: Vec<u8>,
    pub rest: Vec<u8>,
}

struct Plan<'a> {
    module: &'a Module,
    imported: usize,
    bodies: Vec<Range<usize>>,
    types: Vec<u32>,
    often: &'a [bool],
    /// The rarely used functions, by number.
    rare: Vec<usize>,
    /// The functions that the rest calls in the first part, by number.
    called: Vec<u32>,
    /// The number of `part.table`.
    table: u32,
}

/// Splits a module. `often`: for each of its own functions whether it stays;
/// `data`: what goes with the others.
pub fn split(module: &Module, often: &[bool], data: &[Range<u32>]) -> Result<Parts, String> {
    let imported = shape::imported_functions(module)?;
    let mut plan = Plan {
        module,
        imported,
        bodies: shape::bodies(module)?,
        types: shape::types_of_functions(module)?,
        often,
        rare: (0..often.len())
            .filter(|at| !often[*at])
            .map(|at| at + imported)
            .collect(),
        called: Vec::new(),
        table: Reader::new(module.get(section::TABLE)).index()?,
    };
    plan.called = plan.calls_back()?;
    Ok(Parts {
        first: plan.first(data)?,
        rest: plan.rest(data)?,
    })
}

impl Plan<'_> {
    fn code(&self, function: usize) -> &[u8] {
        &self.module.get(section::CODE)[self.bodies[function - self.imported].clone()]
    }

    fn is_rare(&self, function: u32) -> bool {
        (function as usize)
            .checked_sub(self.imported)
            .is_some_and(|at| !self.often[at])
    }

    fn calls_back(&self) -> Result<Vec<u32>, String> {
        let mut called = Vec::new();
        for function in &self.rare {
            walk(self.code(*function), |named, _| match named {
                Named::Call(to) | Named::Reference(to) if !self.is_rare(to) => called.push(to),
                _ => {}
            })?;
        }
        called.sort_unstable();
        called.dedup();
        Ok(called)
    }

    fn first(&self, data: &[Range<u32>]) -> Result<Vec<u8>, String> {
        let fetch = shape::exported_functions(self.module)?
            .into_iter()
            .find_map(|(name, index)| (name == FETCH).then_some(index))
            .ok_or("the module does not export what fetches its rest")?;
        let needed = self.needed()?;
        let parameters = shape::parameters(self.module)?;
        let mut slot = self.called.len();
        let code = list(self.bodies.iter().enumerate(), |out, (at, _)| {
            let function = at + self.imported;
            if self.often[at] {
                let body = self.code(function);
                unsigned(out, body.len() as u64);
                out.extend_from_slice(body);
                return;
            }
            let mut body = vec![0];
            if needed[at] {
                let kind = self.types[function];
                body.push(0x10);
                unsigned(&mut body, u64::from(fetch));
                for parameter in 0..parameters[kind as usize] {
                    body.push(0x20);
                    unsigned(&mut body, u64::from(parameter));
                }
                constant(&mut body, slot);
                self.indirect(&mut body, kind);
            } else {
                body.push(0x00);
            }
            body.push(0x0b);
            slot += 1;
            unsigned(out, body.len() as u64);
            out.extend(body);
        });

        let mut first = Module::read(&self.module.write())?;
        first.keep_custom(&[]);
        first.set(section::CODE, code);
        let length = (self.called.len() + self.rare.len()) as u64;
        first.set(
            section::TABLE,
            longer(self.module.get(section::TABLE), |out| {
                out.extend([0x70, 0x01]);
                unsigned(out, length);
                unsigned(out, length);
            })?,
        );
        first.set(
            section::ELEMENT,
            longer(self.module.get(section::ELEMENT), |out| {
                self.fill(out, 0, self.called.iter().copied());
            })?,
        );
        let mut exports = self.module.get(section::EXPORT).to_vec();
        for (name, kind, index) in self.shared()? {
            exports = longer(&exports, |out| {
                text(out, &name);
                out.push(kind);
                unsigned(out, u64::from(index));
            })?;
        }
        first.set(section::EXPORT, exports);
        first.set(section::DATA, self.data(|place| around(&place, data))?);
        Ok(first.write())
    }

    fn rest(&self, data: &[Range<u32>]) -> Result<Vec<u8>, String> {
        let mut rest = Module::empty();
        rest.set(section::TYPE, self.module.get(section::TYPE).to_vec());
        rest.set(section::IMPORT, self.imports()?);
        let own: HashMap<u32, usize> = self
            .rare
            .iter()
            .enumerate()
            .map(|(at, function)| (*function as u32, at))
            .collect();
        rest.set(
            section::FUNCTION,
            list(self.rare.iter(), |out, function| {
                unsigned(out, u64::from(self.types[*function]));
            }),
        );
        rest.set(
            section::ELEMENT,
            list(std::iter::once(()), |out, ()| {
                self.fill(out, self.called.len(), 0..self.rare.len() as u32);
            }),
        );
        let mut failed = None;
        let code = list(self.rare.iter(), |out, function| {
            match self.moved(*function, &own) {
                Ok(body) => {
                    unsigned(out, body.len() as u64);
                    out.extend(body);
                }
                Err(error) => failed = Some(error),
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        rest.set(section::CODE, code);
        rest.set(section::DATA, self.data(|place| within(&place, data))?);
        Ok(rest.write())
    }

    /// A body with its calls as they are in the rest.
    fn moved(&self, function: usize, own: &HashMap<u32, usize>) -> Result<Vec<u8>, String> {
        let old = self.code(function);
        let mut body = Vec::with_capacity(old.len() + 16);
        let mut done = 0;
        let slot = |to: u32| match own.get(&to) {
            Some(at) => self.called.len() + at,
            None => self.called.partition_point(|each| *each < to),
        };
        walk(old, |named, bytes| {
            let (Named::Call(to) | Named::Reference(to)) = named else {
                return;
            };
            body.extend_from_slice(&old[done..bytes.start]);
            done = bytes.end;
            match (&named, own.get(&to)) {
                (Named::Call(_), Some(at)) => {
                    body.push(0x10);
                    unsigned(&mut body, *at as u64);
                }
                (Named::Call(_), None) => {
                    constant(&mut body, slot(to));
                    self.indirect(&mut body, self.types[to as usize]);
                }
                _ => {
                    constant(&mut body, slot(to));
                    body.push(0x25);
                    unsigned(&mut body, u64::from(self.table));
                }
            }
        })?;
        body.extend_from_slice(&old[done..]);
        Ok(body)
    }

    /// `call_indirect` through `part.table`.
    fn indirect(&self, out: &mut Vec<u8>, kind: u32) {
        out.push(0x11);
        unsigned(out, u64::from(kind));
        unsigned(out, u64::from(self.table));
    }

    /// Functions put into `part.table`.
    fn fill(&self, out: &mut Vec<u8>, from: usize, functions: impl ExactSizeIterator<Item = u32>) {
        out.push(2);
        unsigned(out, u64::from(self.table));
        constant(out, from);
        out.extend([0x0b, 0x00]);
        out.extend(list(functions, |out, function| {
            unsigned(out, u64::from(function))
        }));
    }

    /// Which rarely used functions the first part can call.
    fn needed(&self) -> Result<Vec<bool>, String> {
        let mut needed = vec![false; self.often.len()];
        let mut need = |function: u32| {
            if let Some(slot) = (function as usize).checked_sub(self.imported) {
                needed[slot] = true;
            }
        };
        for at in (0..self.often.len()).filter(|at| self.often[*at]) {
            walk(self.code(at + self.imported), |named, _| {
                if let Named::Call(to) | Named::Reference(to) = named {
                    need(to);
                }
            })?;
        }
        shape::elements(self.module)?
            .into_iter()
            .for_each(&mut need);
        for (_, function) in shape::exported_functions(self.module)? {
            need(function);
        }
        Ok(needed)
    }

    /// What both parts have: name, kind and number.
    fn shared(&self) -> Result<Vec<(String, u8, u32)>, String> {
        let mut all = vec![("part.memory".to_owned(), 2, 0)];
        all.extend((0..=self.table).map(|at| (format!("part.table{at}"), 1, at)));
        let globals = Reader::new(self.module.get(section::GLOBAL)).index()?;
        all.extend((0..globals).map(|at| (format!("part.global{at}"), 3, at)));
        Ok(all)
    }

    fn imports(&self) -> Result<Vec<u8>, String> {
        let mut kinds: Vec<Vec<u8>> = Vec::new();
        kinds.push(self.module.get(section::MEMORY)[1..].to_vec());
        let tables = self.module.get(section::TABLE);
        let mut reader = Reader::new(tables);
        for _ in 0..reader.size()? {
            let from = reader.at();
            reader.byte()?;
            reader.limits()?;
            kinds.push(tables[from..reader.at()].to_vec());
        }
        let length = (self.called.len() + self.rare.len()) as u64;
        let mut own = vec![0x70, 0x01];
        unsigned(&mut own, length);
        unsigned(&mut own, length);
        kinds.push(own);
        let mut reader = Reader::new(self.module.get(section::GLOBAL));
        for _ in 0..reader.size()? {
            kinds.push(reader.bytes(2)?.to_vec());
            skip_expression(&mut reader)?;
        }
        let shared = self.shared()?;
        Ok(list(
            shared.iter().zip(kinds),
            |out, ((name, kind, _), type_)| {
                text(out, "part");
                text(out, name);
                out.push(*kind);
                out.extend(type_);
            },
        ))
    }

    /// The data whose places `chosen` picks out of each segment.
    fn data(&self, chosen: impl Fn(Range<u32>) -> Vec<Range<u32>>) -> Result<Vec<u8>, String> {
        let bytes = self.module.get(section::DATA);
        let mut pieces = Vec::new();
        for segment in shape::segments(self.module)? {
            let end = segment.place + segment.bytes.len() as u32;
            for place in chosen(segment.place..end) {
                let from = segment.bytes.start + (place.start - segment.place) as usize;
                pieces.push((place.start, &bytes[from..from + place.len()]));
            }
        }
        Ok(list(pieces.into_iter(), |out, (place, bytes)| {
            out.push(0);
            constant(out, place as usize);
            out.push(0x0b);
            unsigned(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }))
    }
}

/// The parts of a place that are in the list.
fn within(place: &Range<u32>, list: &[Range<u32>]) -> Vec<Range<u32>> {
    let first = list.partition_point(|each| each.end <= place.start);
    list[first..]
        .iter()
        .take_while(|each| each.start < place.end)
        .map(|each| each.start.max(place.start)..each.end.min(place.end))
        .collect()
}

/// The parts of a place that are not in the list.
fn around(place: &Range<u32>, list: &[Range<u32>]) -> Vec<Range<u32>> {
    let mut from = place.start;
    let mut found = Vec::new();
    for each in within(place, list) {
        if from < each.start {
            found.push(from..each.start);
        }
        from = each.end;
    }
    if from < place.end {
        found.push(from..place.end);
    }
    found
}

/// A section's list with one more.
fn longer(section: &[u8], add: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>, String> {
    let mut reader = Reader::new(section);
    let count = if section.is_empty() {
        0
    } else {
        reader.number()?
    };
    let mut out = Vec::with_capacity(section.len() + 16);
    unsigned(&mut out, count + 1);
    out.extend_from_slice(reader.rest());
    add(&mut out);
    Ok(out)
}

fn text(out: &mut Vec<u8>, text: &str) {
    unsigned(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{around, within};

    #[test]
    fn a_segment_is_divided_without_loss() {
        let list = [10..20, 30..40];
        assert_eq!(within(&(15..50), &list), [15..20, 30..40]);
        assert_eq!(around(&(15..50), &list), [20..30, 40..50]);
        assert_eq!(
            around(&(50..60), &list),
            std::iter::once(50..60).collect::<Vec<_>>()
        );
    }
}
