use super::*;
use crate::project::{Dialect, View};

fn bookstore() -> Project {
    let mut project = Project {
        title: "Books".into(),
        ..Project::default()
    };
    project.write(
        "models.py",
        "from django.db import models\n\n\nclass Book(models.Model):\n    pass\n",
    );
    project.write(
        "queries.py",
        "Book.objects.filter(title=\"<script>alert('ü')</script>\")\n",
    );
    project.dialect = Dialect::Postgresql;
    project
        .migrate_to
        .insert("playground".into(), "0001_initial".into());
    project.view = Some(View {
        file: "queries.py".into(),
        line: 1,
    });
    project
}

/// Seals any text as version 1 does.
fn sealed(json: &[u8]) -> String {
    let packed = miniz_oxide::deflate::compress_to_vec(json, 6);
    let mut body = leb128(packed.len());
    body.extend_from_slice(&packed);
    let mut bytes = crc32::crc32(&body).to_le_bytes().to_vec();
    bytes.extend_from_slice(&body);
    format!("{PREFIX}{}", base64url::encode(&bytes))
}

#[test]
fn a_project_comes_back_as_it_went() {
    let project = bookstore();
    let link = encode(&project).unwrap();
    let expected = project.clone();
    assert_eq!(decode(&link).unwrap(), expected);
    assert_eq!(
        decode(&format!("https://example.org/a/b/{link}")).unwrap(),
        expected
    );
    assert_eq!(decode(link.trim_start_matches('#')).unwrap(), expected);
}

/// A link written by the first release. It must open for ever.
#[test]
fn the_first_link_still_opens() {
    let project = decode(FIRST_LINK).unwrap();
    assert_eq!(project.read("queries.py"), Some("Book.objects.count()\n"));
    assert_eq!(project.dialect, Dialect::Sqlite);
}

const FIRST_LINK: &str = "#v1/dQd8ZXFVy0EKwjAQRuGrhH-lEHKALr2GukibqaYmmTSZglJ6dyNCodvH-1aMPlBFd12RrTzRIbKjUE3-QEPoLS2NhaNyk00PNq5XPmYuov7jLWHTO54XKp6O-sL8MtxPNEg1Ay9JTuefums4b0PLbapz8ELYvg";

#[test]
fn keys_of_the_future_are_passed_over() {
    let link = sealed(br#"{"files":[{"path":"a.py","text":"1","mode":3}],"later":{"x":[1]}}"#);
    let project = decode(&link).unwrap();
    assert_eq!(project.read("a.py"), Some("1"));
    assert_eq!(project.script(), "queries.py");
}

#[test]
fn a_link_cut_off_anywhere_says_so_or_is_refused() {
    let link = encode(&bookstore()).unwrap();
    for end in 0..link.len() {
        assert!(decode(&link[..end]).is_err(), "cut at {end}");
    }
    assert_eq!(decode(&link[..link.len() - 4]), Err(LinkError::Truncated));
}

#[test]
fn every_flipped_character_is_found() {
    let link = encode(&bookstore()).unwrap();
    for index in PREFIX.len()..link.len() - 1 {
        let mut bytes = link.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(bytes).unwrap();
        assert!(
            flipped == link || decode(&flipped).is_err(),
            "flipped at {index}"
        );
    }
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = sealed(&vec![b' '; MAX_UNPACKED * 8]);
    assert!(bomb.len() < 100_000);
    assert_eq!(decode(&bomb), Err(LinkError::TooLarge));
    let long = format!("{PREFIX}{}", "A".repeat(MAX_LINK));
    assert_eq!(decode(&long), Err(LinkError::TooLarge));
}

#[test]
fn other_versions_and_foreign_links_are_named() {
    assert_eq!(decode("#v2/AAAA"), Err(LinkError::Version(2)));
    assert_eq!(decode("#code=print(1)"), Err(LinkError::Foreign));
    assert_eq!(decode("#"), Err(LinkError::Foreign));
    assert_eq!(decode(""), Err(LinkError::Foreign));
    assert_eq!(decode("#v1/<b>"), Err(LinkError::Damaged));
    assert_eq!(decode("#v1/ü"), Err(LinkError::Damaged));
}

#[test]
fn whole_links_without_a_project_are_refused() {
    for json in [
        &b"[]"[..],
        b"{\"files\":3}",
        b"not json",
        b"\xff\xfe",
        b"{\"files\":[{}]}",
    ] {
        assert!(matches!(decode(&sealed(json)), Err(LinkError::Content(_))));
    }
    for path in ["/etc/passwd", "../x.py", "a//b.py", "", "a\\u0000.py"] {
        let json = format!(r#"{{"files":[{{"path":"{path}","text":""}}]}}"#);
        assert!(
            matches!(decode(&sealed(json.as_bytes())), Err(LinkError::Content(_))),
            "{path}"
        );
    }
    let twice = br#"{"files":[{"path":"a.py","text":""},{"path":"a.py","text":""}]}"#;
    assert!(matches!(decode(&sealed(twice)), Err(LinkError::Content(_))));
}

#[test]
fn random_text_never_panics() {
    let mut state = 1u64;
    for _ in 0..2000 {
        let mut text = String::from("#v1/");
        for _ in 0..(state % 90) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            text.push(char::from(b' ' + (state >> 33) as u8 % 95));
        }
        state = state.wrapping_add(7);
        let _ = decode(&text);
    }
}
