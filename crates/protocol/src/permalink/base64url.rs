//! base64url without padding (RFC 4648 §5).

use super::LinkError;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as text.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |group, byte| (group << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = (group >> (18 - 6 * place)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

/// Text as bytes. Padding at the end is allowed, since some mail programs and
/// forums add or keep it.
pub fn decode(text: &str) -> Result<Vec<u8>, LinkError> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for chunk in text.chunks(4) {
        let mut group = 0;
        for byte in chunk {
            group = (group << 6) | value(*byte)?;
        }
        group <<= 6 * (4 - chunk.len());
        match chunk.len() {
            4 => bytes.extend_from_slice(&group.to_be_bytes()[1..4]),
            3 => bytes.extend_from_slice(&group.to_be_bytes()[1..3]),
            2 => bytes.extend_from_slice(&group.to_be_bytes()[1..2]),
            _ => return Err(LinkError::Truncated),
        }
    }
    Ok(bytes)
}

fn value(byte: u8) -> Result<u32, LinkError> {
    Ok(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return Err(LinkError::Damaged),
    })
}
