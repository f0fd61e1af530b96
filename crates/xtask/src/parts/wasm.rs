//! Just enough of WebAssembly's binary format: sections, numbers, and the
//! instructions of a function one after the other.

/// A module's sections, in order.
pub struct Module {
    sections: Vec<Section>,
}

struct Section {
    id: u8,
    bytes: Vec<u8>,
}

/// The sections that are looked into.
pub mod section {
    pub const CUSTOM: u8 = 0;
    pub const TYPE: u8 = 1;
    pub const IMPORT: u8 = 2;
    pub const FUNCTION: u8 = 3;
    pub const TABLE: u8 = 4;
    pub const MEMORY: u8 = 5;
    pub const GLOBAL: u8 = 6;
    pub const EXPORT: u8 = 7;
    pub const ELEMENT: u8 = 9;
    pub const CODE: u8 = 10;
    pub const DATA: u8 = 11;
}

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

impl Module {
    /// Takes a module apart.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or("not a WebAssembly module")?;
        let mut reader = Reader::new(rest);
        let mut sections = Vec::new();
        while !reader.is_at_end() {
            let id = reader.byte()?;
            let length = reader.size()?;
            let bytes = reader.bytes(length)?.to_vec();
            // How many data segments there are is said a second time, for
            // instructions that are not used.
            if id != 12 {
                sections.push(Section { id, bytes });
            }
        }
        Ok(Self { sections })
    }

    /// A module with no sections.
    pub fn empty() -> Self {
        Self {
            sections: Vec::new(),
        }
    }

    /// Puts it together again.
    pub fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for section in &self.sections {
            out.push(section.id);
            unsigned(&mut out, section.bytes.len() as u64);
            out.extend_from_slice(&section.bytes);
        }
        out
    }

    /// A section's content; nothing is in one that is missing.
    pub fn get(&self, id: u8) -> &[u8] {
        self.sections
            .iter()
            .find(|section| section.id == id)
            .map_or(&[], |section| &section.bytes)
    }

    /// A custom section's content after its name.
    pub fn custom(&self, name: &str) -> Option<&[u8]> {
        self.sections.iter().find_map(|section| {
            let mut reader = Reader::new(&section.bytes);
            (section.id == section::CUSTOM && reader.name().ok()? == name.as_bytes())
                .then(|| reader.rest())
        })
    }

    /// Puts a section in place of the old one, or where it belongs.
    pub fn set(&mut self, id: u8, bytes: Vec<u8>) {
        // The one section whose place is not its number's is not used here.
        let at = self
            .sections
            .iter()
            .position(|section| section.id != section::CUSTOM && section.id >= id)
            .unwrap_or_else(|| {
                let last = self
                    .sections
                    .iter()
                    .rposition(|section| section.id != section::CUSTOM);
                last.map_or(0, |last| last + 1)
            });
        match self.sections.get_mut(at) {
            Some(section) if section.id == id => section.bytes = bytes,
            _ => self.sections.insert(at, Section { id, bytes }),
        }
    }

    /// Leaves away all custom sections but those that are named.
    pub fn keep_custom(&mut self, names: &[&str]) {
        self.sections.retain(|section| {
            section.id != section::CUSTOM
                || Reader::new(&section.bytes)
                    .name()
                    .is_ok_and(|name| names.iter().any(|kept| kept.as_bytes() == name))
        });
    }
}

/// Reads a section from its beginning.
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

const TORN: &str = "the WebAssembly module ends too early";

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub fn byte(&mut self) -> Result<u8, String> {
        let byte = *self.bytes.get(self.at).ok_or(TORN)?;
        self.at += 1;
        Ok(byte)
    }

    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], String> {
        let bytes = self.bytes.get(self.at..self.at + length).ok_or(TORN)?;
        self.at += length;
        Ok(bytes)
    }

    /// An unsigned number.
    pub fn number(&mut self) -> Result<u64, String> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte < 0x80 {
                return Ok(value);
            }
        }
    }

    /// A signed number.
    pub fn signed(&mut self) -> Result<i64, String> {
        let (mut value, mut shift) = (0_i64, 0);
        loop {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte < 0x80 {
                let negative = byte & 0x40 != 0 && shift < 64;
                return Ok(if negative {
                    value | (-1 << shift)
                } else {
                    value
                });
            }
        }
    }

    pub fn index(&mut self) -> Result<u32, String> {
        u32::try_from(self.number()?).map_err(|error| error.to_string())
    }

    pub fn size(&mut self) -> Result<usize, String> {
        usize::try_from(self.number()?).map_err(|error| error.to_string())
    }

    pub fn name(&mut self) -> Result<&'a [u8], String> {
        let length = self.size()?;
        self.bytes(length)
    }

    /// `i32.const N; end`.
    pub fn constant(&mut self) -> Result<u32, String> {
        if self.byte()? != 0x41 {
            return Err("a place in memory that is not a constant".to_owned());
        }
        let value = self.signed()? as u32;
        self.byte()?;
        Ok(value)
    }

    /// What limits a table or a memory.
    pub fn limits(&mut self) -> Result<(u64, Option<u64>), String> {
        let has_end = self.byte()? & 1 != 0;
        let least = self.number()?;
        let most = if has_end { Some(self.number()?) } else { None };
        Ok((least, most))
    }
}

/// Writes an unsigned number.
pub fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a signed number.
pub fn signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if value == if byte & 0x40 == 0 { 0 } else { -1 } {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// Writes a list: how many, then each.
pub fn list<T>(
    items: impl ExactSizeIterator<Item = T>,
    mut each: impl FnMut(&mut Vec<u8>, T),
) -> Vec<u8> {
    let mut out = Vec::new();
    unsigned(&mut out, items.len() as u64);
    for item in items {
        each(&mut out, item);
    }
    out
}

/// What an instruction names outside its function.
pub enum Named {
    /// `call`
    Call(u32),
    /// `ref.func`
    Reference(u32),
    /// A number that may be a place in memory.
    Place(u32),
}

/// Walks through a function's body; tells each instruction that names
/// something, and the bytes it stands in.
pub fn walk(
    body: &[u8],
    mut tell: impl FnMut(Named, std::ops::Range<usize>),
) -> Result<(), String> {
    let mut reader = Reader::new(body);
    reader.at = after_locals(body)?;
    while !reader.is_at_end() {
        let from = reader.at;
        let code = reader.byte()?;
        let named = instruction(code, &mut reader)?;
        if let Some(named) = named {
            tell(named, from..reader.at);
        }
    }
    Ok(())
}

/// Passes over a constant expression.
pub fn skip_expression(reader: &mut Reader<'_>) -> Result<(), String> {
    loop {
        let code = reader.byte()?;
        instruction(code, reader)?;
        if code == 0x0b {
            return Ok(());
        }
    }
}

/// Where a body's instructions begin.
pub fn after_locals(body: &[u8]) -> Result<usize, String> {
    let mut reader = Reader::new(body);
    for _ in 0..reader.number()? {
        reader.number()?;
        reader.byte()?;
    }
    Ok(reader.at)
}

fn instruction(code: u8, reader: &mut Reader<'_>) -> Result<Option<Named>, String> {
    match code {
        0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 | 0xd1 => {}
        0x02..=0x04 | 0xd0 | 0x42 => drop(reader.signed()?),
        0x0c | 0x0d | 0x20..=0x26 | 0x3f | 0x40 => drop(reader.number()?),
        0x0e => {
            for _ in 0..=reader.number()? {
                reader.number()?;
            }
        }
        0x10 => return Ok(Some(Named::Call(reader.index()?))),
        0xd2 => return Ok(Some(Named::Reference(reader.index()?))),
        0x11 => {
            reader.number()?;
            reader.number()?;
        }
        0x1c => {
            let count = reader.size()?;
            reader.bytes(count)?;
        }
        0x28..=0x3e => {
            reader.number()?;
            return Ok(Some(Named::Place(reader.index()?)));
        }
        0x41 => return Ok(Some(Named::Place(reader.signed()? as u32))),
        0x43 => drop(reader.bytes(4)?),
        0x44 => drop(reader.bytes(8)?),
        0xfc => {
            let words = match reader.number()? {
                0..=7 => 0,
                10 | 14 => 2,
                11 | 15..=17 => 1,
                other => return Err(format!("the instruction 0xfc {other} is not known here")),
            };
            for _ in 0..words {
                reader.number()?;
            }
        }
        other => return Err(format!("the instruction {other:#x} is not known here")),
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{Reader, signed, unsigned};

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for value in [0, 1, 63, 64, 127, 128, 624_485, i64::from(i32::MAX)] {
            for value in [value, -value] {
                let mut out = Vec::new();
                signed(&mut out, value);
                assert_eq!(Reader::new(&out).signed(), Ok(value));
            }
            let mut out = Vec::new();
            unsigned(&mut out, value as u64);
            assert_eq!(Reader::new(&out).number(), Ok(value as u64));
        }
    }
}
