//! What refers to what in a linked module: the linker's own notes, kept with
//! `--emit-relocs`.

use std::collections::HashMap;
use std::ops::Range;

use super::shape;
use super::wasm::{Module, Reader};

/// The notes, by function and by piece of data.
#[derive(Default)]
pub struct Symbols {
    /// Functions by name; a name may be that of several.
    pub functions: HashMap<Vec<u8>, Vec<usize>>,
    /// Their names.
    pub names: Vec<Vec<u8>>,
    /// What each function refers to.
    pub used: Vec<Refers>,
    /// Where each piece of data is in memory.
    pub places: Vec<Range<u32>>,
    /// Which pieces of data each piece points to.
    pub points_to: Vec<Vec<usize>>,
}

/// What a function refers to.
#[derive(Clone, Default)]
pub struct Refers {
    /// Functions that it calls or whose address it takes.
    pub functions: Vec<usize>,
    /// Pieces of data.
    pub data: Vec<usize>,
}

/// A symbol of the linker.
enum Symbol {
    Function(usize),
    Data(usize),
    Other,
}

/// Reads the notes.
pub fn symbols(module: &Module) -> Result<Symbols, String> {
    let imported = shape::imported_functions(module)?;
    let bodies = shape::bodies(module)?;
    let segments = shape::segments(module)?;
    let mut found = Symbols {
        names: shape::names(module, imported + bodies.len())?,
        used: vec![Refers::default(); imported + bodies.len()],
        ..Symbols::default()
    };
    for (index, name) in found.names.iter().enumerate() {
        found.functions.entry(name.clone()).or_default().push(index);
    }
    let table = table(module, &segments, &mut found.places)?;
    found.points_to = vec![Vec::new(); found.places.len()];

    for (offset, symbol) in relocations(module, "reloc.CODE")? {
        let body = bodies.partition_point(|body| body.end <= offset);
        match table.get(symbol) {
            Some(Symbol::Function(index)) => found.used[imported + body].functions.push(*index),
            Some(Symbol::Data(index)) => found.used[imported + body].data.push(*index),
            _ => {}
        }
    }
    // Where a relocation stands in the section, as a place in memory.
    let mut pointers: Vec<(u32, usize)> = Vec::new();
    for (offset, symbol) in relocations(module, "reloc.DATA")? {
        let segment = segments
            .iter()
            .find(|segment| segment.bytes.contains(&offset));
        if let (Some(segment), Some(Symbol::Data(index))) = (segment, table.get(symbol)) {
            pointers.push((
                segment.place + (offset - segment.bytes.start) as u32,
                *index,
            ));
        }
    }
    pointers.sort_unstable();
    for (place, targets) in found.places.iter().zip(&mut found.points_to) {
        let first = pointers.partition_point(|(at, _)| *at < place.start);
        let inside = pointers[first..]
            .iter()
            .take_while(|(at, _)| *at < place.end);
        targets.extend(inside.map(|(_, target)| *target));
    }
    Ok(found)
}

fn table(
    module: &Module,
    segments: &[shape::Segment],
    places: &mut Vec<Range<u32>>,
) -> Result<Vec<Symbol>, String> {
    const SYMBOL_TABLE: u8 = 8;
    let notes = module
        .custom("linking")
        .ok_or("the module was linked without --emit-relocs")?;
    let mut reader = Reader::new(notes);
    reader.number()?;
    while !reader.is_at_end() {
        let kind = reader.byte()?;
        let length = reader.size()?;
        let bytes = reader.bytes(length)?;
        if kind != SYMBOL_TABLE {
            continue;
        }
        let mut reader = Reader::new(bytes);
        let count = reader.number()?;
        return (0..count)
            .map(|_| symbol(&mut reader, segments, places))
            .collect();
    }
    Err("the linker's notes have no symbols".to_owned())
}

fn symbol(
    reader: &mut Reader<'_>,
    segments: &[shape::Segment],
    places: &mut Vec<Range<u32>>,
) -> Result<Symbol, String> {
    const UNDEFINED: u64 = 0x10;
    const EXPLICIT_NAME: u64 = 0x40;
    let kind = reader.byte()?;
    let flags = reader.number()?;
    match kind {
        1 => {
            reader.name()?;
            if flags & UNDEFINED != 0 {
                return Ok(Symbol::Other);
            }
            let (segment, offset, size) = (reader.size()?, reader.index()?, reader.index()?);
            let Some(segment) = segments.get(segment) else {
                return Ok(Symbol::Other);
            };
            let from = segment.place.wrapping_add(offset);
            places.push(from..from.wrapping_add(size));
            Ok(Symbol::Data(places.len() - 1))
        }
        3 => {
            reader.number()?;
            Ok(Symbol::Other)
        }
        _ => {
            let index = reader.size()?;
            if flags & UNDEFINED == 0 || flags & EXPLICIT_NAME != 0 {
                reader.name()?;
            }
            Ok(if kind == 0 {
                Symbol::Function(index)
            } else {
                Symbol::Other
            })
        }
    }
}

/// Where something is referred to, and the symbol.
fn relocations(module: &Module, name: &str) -> Result<Vec<(usize, usize)>, String> {
    let Some(bytes) = module.custom(name) else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::new(bytes);
    reader.number()?;
    let count = reader.number()?;
    let mut found = Vec::new();
    for _ in 0..count {
        let kind = reader.byte()?;
        let (offset, symbol) = (reader.size()?, reader.size()?);
        if matches!(kind, 3 | 4 | 5 | 8 | 9 | 11 | 14..=17 | 21..=23 | 25) {
            reader.signed()?;
        }
        // Types are numbered apart.
        if kind != 6 {
            found.push((offset, symbol));
        }
    }
    Ok(found)
}
