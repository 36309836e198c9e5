//! The longer byte strings of the hostile answers.

/// Headers that ask a client to go somewhere, now or later.
pub(super) const ALARMING_HEADERS: [(&str, &str); 9] = [
    ("Refresh", "0; url=http://169.254.169.254/latest/meta-data/"),
    ("Alt-Svc", "h2=\"169.254.169.254:80\"; ma=86400, h3=\":1\""),
    (
        "Strict-Transport-Security",
        "max-age=31536000; includeSubDomains; preload",
    ),
    ("Link", "<http://169.254.169.254/>; rel=preload; as=fetch"),
    ("Content-Location", "http://169.254.169.254/"),
    ("Public-Key-Pins", "pin-sha256=\"AAAA\"; max-age=86400"),
    ("Accept-CH", "Authorization, Cookie"),
    ("Clear-Site-Data", "\"*\""),
    (
        "Report-To",
        "{\"endpoints\":[{\"url\":\"http://169.254.169.254/\"}]}",
    ),
];

/// What a `Retry-After` can say, one line a case, an empty one included.
pub(super) const RETRY_AFTER: [&[&str]; 18] = [
    &["99999999999999999999"],
    &["18446744073709551615"],
    &["4294967296"],
    &["-1"],
    &["nan"],
    &["inf"],
    &["1e400"],
    &["0x10"],
    &["1.5"],
    &[""],
    &["0"],
    &["1", "99999"],
    &["1, 99999"],
    &["Fri, 31 Dec 9999 23:59:59 GMT"],
    &["Thu, 01 Jan 1970 00:00:00 GMT"],
    &["Sun, 06 Nov 1994 08:49:37 GMT"],
    &["Mon, 99 Foo 2026 99:99:99 GMT"],
    &["\u{661}\u{662}"],
];

/// The first answer of a server that knows TLS 1.0 and nothing newer: a record with a ServerHello.
pub(super) const TLS_1_0_HELLO: &[u8] = &[
    0x16, 0x03, 0x01, 0x00, 0x2a, // handshake record of 42 bytes, TLS 1.0
    0x02, 0x00, 0x00, 0x26, // ServerHello of 38 bytes
    0x03, 0x01, // TLS 1.0
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7,    // random
    0x00, // no session
    0x00, 0x2f, // RSA with AES-128-CBC and SHA-1
    0x00, // no compression
];

/// Arrays within one another.
pub(super) fn deep_json(depth: usize) -> String {
    let mut json = "[".repeat(depth);
    json.push_str(&"]".repeat(depth));
    json
}

/// The end of a chunked body with trailers that no trailer may be.
pub(super) fn trailers() -> Vec<u8> {
    let forbidden = "0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: other.test\r\n\
        Set-Cookie: from=trailer\r\nAuthorization: Bearer from-trailer\r\nLocation: http://other.test/\r\n\
        Connection: Upgrade\r\nX-Trailer: fine\r\n\r\n";
    forbidden.as_bytes().to_vec()
}
