//! A module that notes which of its functions were called.
//!
//! One byte a function, behind the memory that the module begins with: Rust's
//! allocator only ever takes pages that were added later.

use super::shape;
use super::wasm::{Module, Reader, after_locals, list, section, signed, unsigned};

const PAGE: u64 = 65_536;

/// A module with notes.
pub struct Counting {
    /// It.
    pub bytes: Vec<u8>,
    /// Where the first function's byte is.
    pub place: u64,
    /// How many bytes there are.
    pub functions: usize,
}

/// Adds the notes.
pub fn counting(module: &[u8]) -> Result<Counting, String> {
    let mut module = Module::read(module)?;
    let bodies = shape::bodies(&module)?;
    let mut memory = Reader::new(module.get(section::MEMORY));
    memory.byte()?;
    let (least, most) = memory.limits()?;
    let place = least * PAGE;
    let pages = least + (bodies.len() as u64).div_ceil(PAGE);
    let mut limits = vec![1, u8::from(most.is_some())];
    unsigned(&mut limits, pages);
    if let Some(most) = most {
        unsigned(&mut limits, most);
    }
    let code = module.get(section::CODE);
    let counted = list(bodies.iter().cloned().enumerate(), |out, (number, body)| {
        let body = &code[body];
        let start = after_locals(body).unwrap_or_default();
        let mut note = vec![0x41, 0x00, 0x41, 0x01, 0x3a, 0x00];
        unsigned(&mut note, place + number as u64);
        unsigned(out, (body.len() + note.len()) as u64);
        out.extend_from_slice(&body[..start]);
        out.extend(note);
        out.extend_from_slice(&body[start..]);
    });
    module.set(section::MEMORY, limits);
    module.set(section::CODE, counted);
    module.keep_custom(&[]);
    Ok(Counting {
        bytes: module.write(),
        place,
        functions: bodies.len(),
    })
}

/// `i32.const N`.
pub fn constant(out: &mut Vec<u8>, value: usize) {
    out.push(0x41);
    signed(out, value as i64);
}
