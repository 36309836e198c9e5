//! A body that goes out in pieces.

use super::{API, KEY, headers, key, usual};

#[test]
fn at_most_42_bytes_wait_for_the_next_piece() {
    let secrets = usual();
    let almost = &key(&secrets)[..42];
    for text in [
        "x".repeat(200),
        almost.repeat(5),
        "arb_secret_".repeat(20),
        "%5".repeat(100),
    ] {
        let origin = API.parse().unwrap();
        let mut body = secrets.outgoing_body(&origin, &headers(&[])).unwrap();
        let mut sent = Vec::new();
        for (at, byte) in text.bytes().enumerate() {
            sent.extend(body.push(&[byte]).unwrap());
            assert_eq!(sent.len(), (at + 1).saturating_sub(42), "{text}");
        }
        sent.extend(body.finish().unwrap());
        assert_eq!(String::from_utf8(sent).unwrap(), text);
    }
}

#[test]
fn what_went_along_is_known_by_name() {
    let secrets = usual();
    let origin = API.parse().unwrap();
    let mut body = secrets.outgoing_body(&origin, &headers(&[])).unwrap();
    let key = key(&secrets);
    let (first, rest) = key.split_at(20);
    let mut sent = body.push(first.as_bytes()).unwrap();
    assert!(body.names().is_empty());
    sent.extend(body.push(rest.as_bytes()).unwrap());
    assert_eq!(Vec::from_iter(body.names()), ["api_key"]);
    sent.extend(body.finish().unwrap());
    assert_eq!(String::from_utf8(sent).unwrap(), KEY);
}
