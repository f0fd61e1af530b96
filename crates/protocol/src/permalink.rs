//! A project as the fragment of a URL: `#v1/…`.
//!
//! ```
//! use ormscope_protocol::{permalink, Project};
//!
//! let mut project = Project::default();
//! project.write("queries.py", "Book.objects.count()\n");
//!
//! let link = permalink::encode(&project)?;
//! assert!(link.starts_with("#v1/"));
//! assert_eq!(permalink::decode(&link)?.files, project.files);
//! assert_eq!(permalink::encode(&project)?, link); // always the same
//! # Ok::<(), permalink::LinkError>(())
//! ```
//!
//! # The form, version 1
//!
//! ```text
//! #v1/  base64url without padding (RFC 4648 §5) of:
//!
//!   4 bytes   CRC-32 (IEEE) of everything after it, little endian
//!   1…5 bytes length of what follows, LEB128
//!   n bytes   raw DEFLATE (RFC 1951) of:
//!
//!     {"title":"…","files":[{"path":"…","text":"…"}],"dialect":"sqlite",
//!      "script":"queries.py","migrate_to":{"app":"0001_initial"},
//!      "view":{"file":"…","line":1}}           JSON, UTF-8
//! ```
//!
//! The length finds links that were cut off, the checksum links that were
//! changed on the way, both before anything is unpacked; unpacking stops at
//! [`MAX_UNPACKED`]. Only `files` must be there. Unknown keys are passed over
//! and a missing key has its default, so a `v1` link opens in every later
//! ormscope; a form that this cannot carry will be `v2`, beside it, not
//! instead of it. A link made elsewhere (the embed element writes them with
//! the browser's own DEFLATE) need not be the same bytes to be valid.

mod base64url;
mod crc32;
mod error;

pub use error::LinkError;

use crate::project::{Project, path_problem};

/// What a link of version 1 begins with.
pub const PREFIX: &str = "#v1/";
/// Longest fragment that is read, in bytes. Browsers carry 2 MB at most.
pub const MAX_LINK: usize = 2_000_000;
/// Most bytes that a link may unpack to.
pub const MAX_UNPACKED: usize = 4_000_000;
/// Most files in a link.
pub const MAX_FILES: usize = 500;

/// DEFLATE's strongest level. Part of what makes a link deterministic.
const LEVEL: u8 = 10;

/// Makes the fragment, with its `#`.
pub fn encode(project: &Project) -> Result<String, LinkError> {
    let json =
        serde_json::to_vec(project).map_err(|error| LinkError::Content(error.to_string()))?;
    if json.len() > MAX_UNPACKED {
        return Err(LinkError::TooLarge);
    }
    let packed = miniz_oxide::deflate::compress_to_vec(&json, LEVEL);
    let mut sealed = leb128(packed.len());
    sealed.extend_from_slice(&packed);
    let mut bytes = crc32::crc32(&sealed).to_le_bytes().to_vec();
    bytes.extend_from_slice(&sealed);
    let link = format!("{PREFIX}{}", base64url::encode(&bytes));
    if link.len() > MAX_LINK {
        Err(LinkError::TooLarge)
    } else {
        Ok(link)
    }
}

/// Reads a fragment, with or without its `#`, or a whole URL that has one.
pub fn decode(link: &str) -> Result<Project, LinkError> {
    let link = link.trim();
    let fragment = link.split_once('#').map_or(link, |(_, fragment)| fragment);
    if fragment.len() > MAX_LINK {
        return Err(LinkError::TooLarge);
    }
    let (version, payload) = fragment.split_once('/').ok_or(LinkError::Foreign)?;
    match version
        .strip_prefix('v')
        .and_then(|number| number.parse::<u32>().ok())
    {
        Some(1) => decode_v1(payload),
        Some(other) => Err(LinkError::Version(other)),
        None => Err(LinkError::Foreign),
    }
}

fn decode_v1(payload: &str) -> Result<Project, LinkError> {
    let bytes = base64url::decode(payload)?;
    let (sum, sealed) = bytes.split_first_chunk::<4>().ok_or(LinkError::Truncated)?;
    let (length, packed) = split_leb128(sealed)?;
    if packed.len() < length {
        return Err(LinkError::Truncated);
    }
    if packed.len() > length || crc32::crc32(sealed) != u32::from_le_bytes(*sum) {
        return Err(LinkError::Damaged);
    }
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, MAX_UNPACKED).map_err(
        |error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => LinkError::TooLarge,
            _ => LinkError::Damaged,
        },
    )?;
    let project: Project =
        serde_json::from_slice(&json).map_err(|error| LinkError::Content(error.to_string()))?;
    checked(project)
}

/// Refuses what no honest link holds: paths out of the project, one path
/// twice, thousands of files.
fn checked(project: Project) -> Result<Project, LinkError> {
    if project.files.len() > MAX_FILES {
        return Err(LinkError::TooLarge);
    }
    for (index, file) in project.files.iter().enumerate() {
        if let Some(problem) = path_problem(&file.path) {
            return Err(LinkError::Content(problem.to_owned()));
        }
        if project.files[..index]
            .iter()
            .any(|earlier| earlier.path == file.path)
        {
            return Err(LinkError::Content(format!(
                "two files are named {}",
                file.path
            )));
        }
    }
    Ok(project)
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn split_leb128(bytes: &[u8]) -> Result<(usize, &[u8]), LinkError> {
    let mut number = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let length = usize::try_from(number).map_err(|_| LinkError::Damaged)?;
            return Ok((length, &bytes[index + 1..]));
        }
    }
    Err(if bytes.len() < 5 {
        LinkError::Truncated
    } else {
        LinkError::Damaged
    })
}

#[cfg(test)]
mod tests;
