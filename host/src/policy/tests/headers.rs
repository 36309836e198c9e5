//! Section H: what a guest may put into the header section.

use crate::policy::headers::{
    HeaderError, MAX_HEADER_BYTES, MAX_HEADERS, MAX_NAME_BYTES, OutgoingHeaders, outgoing,
};
use http::HeaderName;

fn judge(headers: &[(&str, &str)]) -> Result<OutgoingHeaders, HeaderError> {
    outgoing(
        headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes())),
    )
}

fn kept(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let out = judge(headers).unwrap();
    out.headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

fn dropped(headers: &[(&str, &str)]) -> Vec<String> {
    judge(headers)
        .unwrap()
        .dropped
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn name(text: &str) -> HeaderName {
    text.parse().unwrap()
}

#[test]
fn ordinary_headers_pass_in_order() {
    let headers = [
        ("Authorization", "Bearer x"),
        ("X-Api-Key", "k"),
        ("Accept", "a"),
        ("accept", "b"),
        ("Cookie", "c=d"),
        ("Content-Type", "application/json"),
        ("X-Empty", ""),
        ("x-utf8", "é\t€"),
    ];
    let out = judge(&headers).unwrap();
    assert_eq!(out.headers.len(), 8);
    assert!(out.dropped.is_empty());
    assert_eq!(
        out.headers
            .get_all("accept")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(out.headers["x-utf8"].as_bytes(), "é\t€".as_bytes());
    assert_eq!(
        kept(&[("a", " \t x y \t ")]),
        [("a".to_owned(), "x y".to_owned())]
    );
    assert_eq!(kept(&[]), []);
}

#[test]
fn h01_control_characters_refuse_the_whole_request() {
    for byte in (0..0x20_u8).filter(|byte| *byte != b'\t').chain([0x7f]) {
        for value in [
            vec![b'a', byte, b'b'],
            vec![byte],
            vec![b'a', byte],
            vec![byte, b'a'],
        ] {
            assert_eq!(
                outgoing([("x-a", &*value)]).unwrap_err(),
                HeaderError::Value(name("x-a")),
                "{value:?}"
            );
        }
        let bad = format!("x{}a", char::from(byte));
        assert_eq!(
            judge(&[(&bad, "v")]).unwrap_err(),
            HeaderError::Name,
            "{bad:?}"
        );
    }
    assert_eq!(
        judge(&[("ok", "v"), ("host", "a\r\nx: y")]).unwrap_err(),
        HeaderError::Value(name("host"))
    );
}

#[test]
fn h02_h04_the_gateway_sets_host_and_length() {
    let headers = [
        ("Host", "evil.test"),
        ("Content-Length", "1"),
        ("content-length", "99"),
        ("Content-Length", "-1"),
        ("accept", "x"),
    ];
    assert_eq!(
        dropped(&headers),
        ["host", "content-length", "content-length", "content-length"]
    );
    assert_eq!(kept(&headers), [("accept".to_owned(), "x".to_owned())]);
}

#[test]
fn h03_connection_headers_are_dropped() {
    for header in [
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "HTTP2-Settings",
    ] {
        assert_eq!(
            dropped(&[(header, "x"), ("accept", "y")]),
            [header.to_lowercase()],
            "{header}"
        );
        assert_eq!(kept(&[(header, "x"), ("accept", "y")]).len(), 1, "{header}");
    }
    assert_eq!(
        dropped(&[("Transfer-Encoding", "Chunked")]),
        ["transfer-encoding"]
    );
    assert_eq!(dropped(&[("Expect", "100-Continue")]), ["expect"]);
}

#[test]
fn h03_what_connection_lists_is_dropped_before_and_after_it() {
    let headers = [
        ("x-before", "1"),
        ("Connection", "close, X-Before ,x-after,,bad name"),
        ("connection", "x-third"),
        ("x-after", "2"),
        ("x-after", "3"),
        ("x-third", "4"),
        ("x-kept", "5"),
    ];
    assert_eq!(kept(&headers), [("x-kept".to_owned(), "5".to_owned())]);
    assert_eq!(
        dropped(&headers),
        ["connection", "connection", "x-before", "x-after", "x-third"]
    );
}

#[test]
fn h03_what_cannot_be_dropped_without_changing_the_request_is_refused() {
    for value in ["gzip", "gzip, chunked", "identity", "", "chunked, chunked"] {
        assert_eq!(
            judge(&[("Transfer-Encoding", value)]).unwrap_err(),
            HeaderError::TransferEncoding,
            "{value}"
        );
    }
    assert_eq!(judge(&[("Expect", "x")]).unwrap_err(), HeaderError::Expect);
    for header in ["Proxy-Authorization", "Proxy-Authenticate", "proxy-foo"] {
        assert_eq!(
            judge(&[(header, "x")]).unwrap_err(),
            HeaderError::Proxy(name(header))
        );
    }
}

#[test]
fn h05_two_framings_are_refused() {
    for headers in [
        [("Transfer-Encoding", "chunked"), ("Content-Length", "3")],
        [("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
    ] {
        assert_eq!(judge(&headers).unwrap_err(), HeaderError::Framing);
    }
}

#[test]
fn h06_pseudo_headers_and_names_that_are_no_tokens() {
    for bad in [":authority", ":path", ":", ":method"] {
        assert_eq!(
            judge(&[(bad, "x")]).unwrap_err(),
            HeaderError::Pseudo,
            "{bad}"
        );
    }
    let long = "a".repeat(MAX_NAME_BYTES + 1);
    for bad in [
        "", "a b", "a:", "a: b", " host", "host ", "a(b)", "a/b", "é", "a\"b", "a,b", "a;b", "a=b",
        &long,
    ] {
        assert_eq!(
            judge(&[(bad, "x")]).unwrap_err(),
            HeaderError::Name,
            "{bad}"
        );
    }
    judge(&[
        (&"a".repeat(MAX_NAME_BYTES), "x"),
        ("!#$%&'*+-.^_`|~09azAZ", "x"),
    ])
    .unwrap();
}

#[test]
fn h07_overrides_and_metadata_headers_are_refused_and_forwarding_passes() {
    for header in [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
    ] {
        assert_eq!(
            judge(&[(header, "DELETE")]).unwrap_err(),
            HeaderError::Override(name(header))
        );
    }
    for header in [
        "Metadata-Flavor",
        "Metadata",
        "X-aws-ec2-metadata-token",
        "X-aws-ec2-metadata-token-ttl-seconds",
        "X-Google-Metadata-Request",
        "X-Aliyun-ECS-Metadata-Token",
        "Metadata-Token",
        "Metadata-Token-Expiry-Seconds",
        "X-Metadata-Token",
    ] {
        assert_eq!(
            judge(&[(header, "x")]).unwrap_err(),
            HeaderError::Metadata(name(header))
        );
    }
    let passing = [
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "for=1"),
        ("X-Real-IP", "1"),
        ("X-Forwarded-Host", "x"),
        ("x-metadatas", "x"),
        ("metadata-x", "x"),
        ("x-proxy-a", "x"),
    ];
    assert_eq!(kept(&passing).len(), passing.len());
}

#[test]
fn h08_counts_and_sizes_are_bounded() {
    assert_eq!(
        (MAX_HEADERS, MAX_HEADER_BYTES, MAX_NAME_BYTES),
        (128, 65_536, 256)
    );
    let most = vec![("a", "b"); MAX_HEADERS];
    assert_eq!(judge(&most).unwrap().headers.len(), MAX_HEADERS);
    assert_eq!(
        judge(&vec![("a", "b"); MAX_HEADERS + 1]).unwrap_err(),
        HeaderError::TooMany
    );
    assert_eq!(
        judge(&vec![("host", "b"); MAX_HEADERS + 1]).unwrap_err(),
        HeaderError::TooMany,
        "dropped ones count"
    );
    assert_eq!(
        judge(&vec![("a", "b"); 40_000]).unwrap_err(),
        HeaderError::TooMany
    );
    let value = "v".repeat(MAX_HEADER_BYTES - 1);
    judge(&[("a", &value)]).unwrap();
    assert_eq!(judge(&[("ab", &value)]).unwrap_err(), HeaderError::TooLarge);
    assert_eq!(
        judge(&[("a", &value), ("b", "")]).unwrap_err(),
        HeaderError::TooLarge
    );
    assert_eq!(
        judge(&[("a", &"v".repeat(1 << 20))]).unwrap_err(),
        HeaderError::TooLarge
    );
    // An endless list is not read to its end.
    assert_eq!(
        outgoing(std::iter::repeat(("a", &b"b"[..]))).unwrap_err(),
        HeaderError::TooMany
    );
}

#[test]
fn errors_do_not_quote_values() {
    for headers in [
        [("x-key", "hunter2\n")],
        [("expect", "hunter2")],
        [("transfer-encoding", "hunter2")],
        [("proxy-authorization", "hunter2")],
    ] {
        let error = judge(&headers).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
