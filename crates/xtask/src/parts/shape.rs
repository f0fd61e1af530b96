//! A module's functions and data, as places in its sections.

use std::ops::Range;

use super::wasm::{Module, Reader, section};

/// A piece of memory that a module brings.
pub struct Segment {
    /// Where it goes.
    pub place: u32,
    /// Where it is in the section.
    pub bytes: Range<usize>,
}

/// How many functions come from outside; nothing else does.
pub fn imported_functions(module: &Module) -> Result<usize, String> {
    let mut reader = Reader::new(module.get(section::IMPORT));
    let count = if reader.is_at_end() {
        0
    } else {
        reader.size()?
    };
    for _ in 0..count {
        reader.name()?;
        reader.name()?;
        if reader.byte()? != 0 {
            return Err("only functions can be imported".to_owned());
        }
        reader.number()?;
    }
    Ok(count)
}

/// Each function's type, the imported ones first.
pub fn types_of_functions(module: &Module) -> Result<Vec<u32>, String> {
    let mut types = Vec::new();
    let mut reader = Reader::new(module.get(section::IMPORT));
    for _ in 0..if reader.is_at_end() {
        0
    } else {
        reader.size()?
    } {
        reader.name()?;
        reader.name()?;
        reader.byte()?;
        types.push(reader.index()?);
    }
    let mut reader = Reader::new(module.get(section::FUNCTION));
    for _ in 0..reader.size()? {
        types.push(reader.index()?);
    }
    Ok(types)
}

/// How many parameters each type has.
pub fn parameters(module: &Module) -> Result<Vec<u32>, String> {
    let mut reader = Reader::new(module.get(section::TYPE));
    (0..reader.size()?)
        .map(|_| {
            if reader.byte()? != 0x60 {
                return Err("a type that is no function's".to_owned());
            }
            let count = reader.size()?;
            reader.bytes(count)?;
            let results = reader.size()?;
            reader.bytes(results)?;
            u32::try_from(count).map_err(|error| error.to_string())
        })
        .collect()
}

/// Where each body is in the section of code, its length left out.
pub fn bodies(module: &Module) -> Result<Vec<Range<usize>>, String> {
    let mut reader = Reader::new(module.get(section::CODE));
    (0..reader.size()?)
        .map(|_| {
            let length = reader.size()?;
            let from = reader.at();
            reader.bytes(length)?;
            Ok(from..from + length)
        })
        .collect()
}

/// The pieces of memory.
pub fn segments(module: &Module) -> Result<Vec<Segment>, String> {
    let mut reader = Reader::new(module.get(section::DATA));
    (0..reader.size()?)
        .map(|_| {
            if reader.number()? != 0 {
                return Err("data that is not put into memory at the start".to_owned());
            }
            let place = reader.constant()?;
            let length = reader.size()?;
            let from = reader.at();
            reader.bytes(length)?;
            Ok(Segment {
                place,
                bytes: from..from + length,
            })
        })
        .collect()
}

/// The functions that stand in tables.
pub fn elements(module: &Module) -> Result<Vec<u32>, String> {
    let mut reader = Reader::new(module.get(section::ELEMENT));
    let mut found = Vec::new();
    for _ in 0..if reader.is_at_end() {
        0
    } else {
        reader.size()?
    } {
        match reader.number()? {
            0 => drop(reader.constant()?),
            2 => {
                reader.number()?;
                reader.constant()?;
                reader.byte()?;
            }
            other => return Err(format!("elements of kind {other} are not known here")),
        }
        for _ in 0..reader.size()? {
            found.push(reader.index()?);
        }
    }
    Ok(found)
}

/// The exported functions' names and indexes.
pub fn exported_functions(module: &Module) -> Result<Vec<(&[u8], u32)>, String> {
    let mut reader = Reader::new(module.get(section::EXPORT));
    let mut found = Vec::new();
    for _ in 0..reader.size()? {
        let name = reader.name()?;
        let kind = reader.byte()?;
        let index = reader.index()?;
        if kind == 0 {
            found.push((name, index));
        }
    }
    Ok(found)
}

/// Functions' names as the section `name` gives them; empty where it gives none.
pub fn names(module: &Module, count: usize) -> Result<Vec<Vec<u8>>, String> {
    let mut names = vec![Vec::new(); count];
    let mut reader = Reader::new(module.custom("name").unwrap_or_default());
    while !reader.is_at_end() {
        let kind = reader.byte()?;
        let length = reader.size()?;
        let mut inside = Reader::new(reader.bytes(length)?);
        if kind != 1 {
            continue;
        }
        for _ in 0..inside.size()? {
            let index = inside.size()?;
            let name = inside.name()?;
            if let Some(slot) = names.get_mut(index) {
                *slot = name.to_vec();
            }
        }
    }
    Ok(names)
}
