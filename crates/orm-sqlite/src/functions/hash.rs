//! Digests of texts, in hexadecimal.
use super::{Answer, Arguments, deterministic};
use md5::Digest;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Result};

pub fn register(db: &Connection) -> Result<()> {
    deterministic(db, "MD5", 1, digest::<md5::Md5>)?;
    deterministic(db, "SHA1", 1, digest::<sha1::Sha1>)?;
    deterministic(db, "SHA224", 1, digest::<sha2::Sha224>)?;
    deterministic(db, "SHA256", 1, digest::<sha2::Sha256>)?;
    deterministic(db, "SHA384", 1, digest::<sha2::Sha384>)?;
    deterministic(db, "SHA512", 1, digest::<sha2::Sha512>)
}

fn digest<D: Digest>(a: &Arguments) -> Answer {
    if a.is_null(0) {
        return Ok(Sql::Null);
    }
    let mut out = String::new();
    for byte in D::digest(a.text(0)?.as_bytes()).as_slice() {
        out.push_str(&format!("{byte:02x}"));
    }
    Ok(out.into())
}
