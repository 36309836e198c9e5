//! Section U: what a guest may write as a URL.

use super::{allowed, both_doors, denied, get, policy, refused};
use crate::policy::{
    Host, HostError, InvalidMethod, InvalidPort, InvalidTarget, MAX_URL_BYTES, Method, Origin,
    OriginError, Reason, Scheme, Target,
};

#[test]
fn u01_userinfo_is_refused() {
    for url in [
        "https://allowed.test@evil.test/",
        "https://allowed.test:443@evil.test/",
        "https://user:password@allowed.test/",
        "https://@allowed.test/",
        "https://a@b@allowed.test/",
    ] {
        assert_eq!(refused(url), InvalidTarget::Userinfo, "{url}");
    }
    assert_eq!(
        get("https://allowed.test/@evil.test").host().to_string(),
        "allowed.test"
    );
}

#[test]
fn u02_what_follows_the_authority_is_not_the_host() {
    let policy = policy(&["https://allowed.test"]);
    for url in [
        "https://evil.test#@allowed.test",
        "https://evil.test?@allowed.test",
        "https://evil.test/@allowed.test",
        "https://evil.test#.allowed.test",
    ] {
        assert_eq!(
            denied(&policy, url).origin().host.to_string(),
            "evil.test",
            "{url}"
        );
    }
}

#[test]
fn u02_a_fragment_is_dropped_by_both_doors() {
    let target = get("https://allowed.test/a?b#c?d/../e");
    assert_eq!(target.url().as_str(), "https://allowed.test/a?b");
    assert_eq!(
        get("https://allowed.test#x").url().as_str(),
        "https://allowed.test/"
    );
    assert_eq!(
        refused("https://allowed.test/#\r\nx: y"),
        InvalidTarget::Control
    );
}

#[test]
fn u03_backslashes_are_refused() {
    for url in [
        r"https://evil.test\@allowed.test/",
        r"https:\\allowed.test",
        r"https://allowed.test\.evil.test",
        r"https://allowed.test/v1\..\admin",
        r"https://allowed.test/?a=\",
        r"\\allowed.test\",
    ] {
        assert_eq!(refused(url), InvalidTarget::Backslash, "{url}");
    }
}

#[test]
fn u04_what_parsers_drop_silently_is_refused() {
    for byte in (0..0x20_u8).chain([0x7f]) {
        for at in [
            "X",
            "hXttps://allowed.test/",
            "https://allXowed.test/",
            "https://allowed.test/aXb",
            "https://allowed.test/?aXb",
            "https://allowed.test/X",
        ] {
            let url = at.replace('X', &char::from(byte).to_string());
            assert_eq!(refused(&url), InvalidTarget::Control, "{url:?}");
        }
    }
    for url in [
        " https://allowed.test/",
        "https://allowed.test/ ",
        "https://allowed.test/a b",
        "https://allowed .test/",
        "https://allowed.test/?a b",
    ] {
        assert_eq!(refused(url), InvalidTarget::Space, "{url}");
    }
}

#[test]
fn u05_a_trailing_dot_changes_nothing() {
    assert_eq!(
        get("https://allowed.test./v1").url().as_str(),
        "https://allowed.test/v1"
    );
    assert_eq!(
        get("https://allowed.test.:8443/").origin(),
        get("https://allowed.test:8443/").origin()
    );
    assert_eq!(
        get("https://127.0.0.1./").host(),
        &Host::V4([127, 0, 0, 1].into())
    );
    assert_eq!(
        refused("https://allowed.test../"),
        InvalidTarget::Host(HostError::EmptyLabel)
    );
    assert_eq!(
        refused("https://./"),
        InvalidTarget::Host(HostError::EmptyLabel)
    );
    assert_eq!(
        refused("https://.allowed.test/"),
        InvalidTarget::Host(HostError::EmptyLabel)
    );
    assert!(get("http://localhost./").host().is_localhost());
}

#[test]
fn u06_case_changes_nothing_but_the_path() {
    let target = get("HTTPS://ALLOWED.TEST/V1?Q");
    assert_eq!(target.url().as_str(), "https://allowed.test/V1?Q");
    assert!(!allowed(
        &policy(&["https://allowed.test/v1"]),
        "https://allowed.test/V1"
    ));
}

#[test]
fn u08_letters_and_dots_of_other_scripts_are_mapped_before_the_check() {
    for (url, host) in [
        ("https://ⓐllowed.test/", "allowed.test"),
        ("https://allowed。test/", "allowed.test"),
        ("https://allowed．test/", "allowed.test"),
        ("https://ａllowed.test/", "allowed.test"),
        ("https://al\u{ad}lowed.test/", "allowed.test"),
        ("https://①②⑦.0.0.1/", "127.0.0.1"),
        ("https://１２７.0.0.1/", "127.0.0.1"),
        ("https://127。0。0。1/", "127.0.0.1"),
        ("https://ⓛocalhost/", "localhost"),
    ] {
        assert_eq!(get(url).host().to_string(), host, "{url}");
    }
    // Full-width `@`, `/`, `:`, `#` and `%` map to characters that no host has.
    for url in [
        "https://evil.test＠allowed.test/",
        "https://evil.test／allowed.test",
        "https://allowed.test：80/",
        "https://evil＃.test/",
        "https://％61llowed.test/",
    ] {
        assert_eq!(refused(url), InvalidTarget::Host(HostError::Name), "{url}");
    }
}

#[test]
fn u09_homographs_are_other_names() {
    let policy = policy(&["https://allowed.test"]);
    let denial = denied(&policy, "https://аllowed.test/");
    assert_eq!(denial.origin().host.to_string(), "xn--llowed-2nf.test");
    assert!(denial.to_string().contains("https://xn--llowed-2nf.test/"));
    // Punycode of nothing but ASCII, and Punycode that decodes to what IDNA forbids.
    for url in [
        "https://xn--allowed-.test/",
        "https://xn--.test/",
        "https://xn--a.test/",
        "https://xn--99999999.test/",
    ] {
        assert_eq!(refused(url), InvalidTarget::Host(HostError::Name), "{url}");
    }
}

#[test]
fn u10_ipv4_has_one_form() {
    for (host, canonical) in [
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"),
        ("0xa9fea9fe", "169.254.169.254"),
        ("169.254.43518", "169.254.169.254"),
    ] {
        assert_eq!(
            get(&format!("http://{host}/")).url().as_str(),
            format!("http://{canonical}/"),
            "{host}"
        );
    }
    for host in [
        "256.0.0.1",
        "1.2.3.4.5",
        "4294967296",
        "127.0.0.1.2",
        "foo.1",
        "foo.0x1",
        "127.0.0.09",
        "1..2",
    ] {
        assert_eq!(
            refused(&format!("http://{host}/")),
            InvalidTarget::Host(HostError::Ipv4),
            "{host}"
        );
    }
}

#[test]
fn u11_ipv6_has_one_form_and_no_zone() {
    for (host, canonical) in [
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[0000::0001]", "[::1]"),
        ("[::]", "[::]"),
        ("[FE80::1]", "[fe80::1]"),
        ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    ] {
        assert_eq!(
            get(&format!("http://{host}:8080/")).url().as_str(),
            format!("http://{}:8080/", canonical),
            "{host}"
        );
    }
    for host in ["[fe80::1%eth0]", "[fe80::1%25eth0]", "[::1%0]"] {
        assert_eq!(
            refused(&format!("http://{host}/")),
            InvalidTarget::Host(HostError::Zone),
            "{host}"
        );
    }
    for host in [
        "[::1",
        "[::1]x",
        "[]",
        "[127.0.0.1]",
        "[::1]]",
        "[[::1]]",
        "[allowed.test]",
        "[::1]@evil.test",
        "[v1.x]",
    ] {
        refused(&format!("http://{host}/"));
    }
    refused("http://::1/");
    refused("http://fe80::1:80/");
}

#[test]
fn u14_ports() {
    for port in [
        "0",
        "00",
        "65536",
        "99999999999999999999",
        "+80",
        "-1",
        "080",
        "",
        "8o",
        "٨٠",
        "80:80",
        "0x50",
    ] {
        let url = format!("https://allowed.test:{port}/");
        assert_eq!(refused(&url), InvalidTarget::Port(InvalidPort), "{url}");
    }
    assert_eq!(
        get("https://allowed.test:443/").url().as_str(),
        "https://allowed.test/"
    );
    assert_eq!(
        get("http://allowed.test:80/").url().as_str(),
        "http://allowed.test/"
    );
    assert_eq!(
        get("http://allowed.test:443/").url().as_str(),
        "http://allowed.test:443/"
    );
    assert_eq!(get("https://allowed.test:65535/").port(), 65535);
    assert_eq!(
        (
            get("http://allowed.test").port(),
            get("https://allowed.test").port()
        ),
        (80, 443)
    );
    let policy = policy(&["https://allowed.test"]);
    assert!(!allowed(&policy, "https://allowed.test:22/"));
    assert!(!allowed(&policy, "https://allowed.test:8443/"));
    assert!(allowed(&policy, "https://allowed.test:443/"));
}

#[test]
fn u15_schemes() {
    let policy = policy(&["https://allowed.test"]);
    for url in [
        "http://allowed.test/",
        "https://allowed.test:80/",
        "http://allowed.test:443/",
    ] {
        assert!(!allowed(&policy, url), "{url}");
    }
    for url in [
        "file:///etc/passwd",
        "ftp://allowed.test/",
        "ws://allowed.test/",
        "wss://allowed.test/",
        "data:text/plain,x",
        "unix:/run/x",
        "http+unix://x/",
        "javascript:0",
        "httpss://allowed.test",
    ] {
        assert_eq!(refused(url), InvalidTarget::Scheme, "{url}");
    }
    for url in [
        "//allowed.test",
        "allowed.test",
        "allowed.test:443",
        "/v1",
        "",
        ":",
        "://allowed.test",
        "?https://allowed.test",
        "[::1]:80",
    ] {
        assert_eq!(refused(url), InvalidTarget::NoScheme, "{url}");
    }
    for url in [
        "https:allowed.test",
        "https:/allowed.test",
        "https:",
        "https:?x",
    ] {
        assert_eq!(refused(url), InvalidTarget::Slashes, "{url}");
    }
    for url in [
        "https:///allowed.test",
        "https://",
        "https:///",
        "https://?x",
        "https://#x",
        "https://:443/",
    ] {
        assert_eq!(refused(url), InvalidTarget::Host(HostError::Empty), "{url}");
    }
}

#[test]
fn u18_paths_are_compared_and_sent_in_one_form() {
    for (path, canonical) in [
        ("", "/"),
        ("/", "/"),
        ("/v1/../admin", "/admin"),
        ("/v1/%2e%2e/admin", "/admin"),
        ("/v1/%2E./admin", "/admin"),
        ("/v1/.%2e", "/"),
        ("/v1/./x/.", "/v1/x/"),
        ("/v1/x/..", "/v1/"),
        ("/../../x", "/x"),
        ("/..", "/"),
        ("/.", "/"),
        ("//evil.test/", "//evil.test/"),
        ("//evil.test/..", "//"),
        ("//..", "/"),
        ("/v1/...", "/v1/..."),
        ("/v1/.x", "/v1/.x"),
        ("/v1/..;/x", "/v1/..;/x"),
        ("/%7eme/%41%2D", "/~me/A-"),
        ("/a%2fb%5c", "/a%2Fb%5C"),
        ("/%252e%252e/x", "/%252e%252e/x"),
        ("/café", "/caf%C3%A9"),
        ("/a\"<>^`{|}[]b", "/a%22%3C%3E%5E%60%7B%7C%7D%5B%5Db"),
        ("/a:@!$&'()*+,;=b", "/a:@!$&'()*+,;=b"),
    ] {
        let target = get(&format!("https://allowed.test{path}"));
        assert_eq!(target.path(), canonical, "{path}");
        assert_eq!(
            target.url().as_str(),
            format!("https://allowed.test{canonical}"),
            "{path}"
        );
    }
    for path in ["/%", "/%4", "/%zz", "/%u002e", "/a%-1", "/%+1"] {
        assert_eq!(
            refused(&format!("https://allowed.test{path}")),
            InvalidTarget::Percent,
            "{path}"
        );
    }
}

#[test]
fn u18_queries_pass_as_they_are() {
    for (query, canonical) in [
        ("", ""),
        ("a=b&c[]=%zz?/", "a=b&c[]=%zz?/"),
        ("q='\"<{|}>`^é", "q=%27%22%3C%7B%7C%7D%3E%60%5E%C3%A9"),
        ("u=../..", "u=../.."),
    ] {
        assert_eq!(
            get(&format!("https://allowed.test/?{query}")).query(),
            Some(canonical),
            "{query}"
        );
    }
    assert_eq!(
        get("https://allowed.test?q").url().as_str(),
        "https://allowed.test/?q"
    );
    assert_eq!(get("https://allowed.test/").query(), None);
    assert_eq!(
        get("https://allowed.test/a?secret=1").to_string(),
        "GET https://allowed.test/a"
    );
}

#[test]
fn u19_parts_that_wasi_http_may_hold() {
    let parts = |scheme, authority, path| Target::from_parts("GET", scheme, authority, path);
    for path in [
        "http://evil.test/",
        "*",
        "x",
        "@evil.test/",
        ":80/",
        ".evil.test/",
    ] {
        assert_eq!(
            parts(Some("https"), Some("allowed.test"), Some(path)),
            Err(InvalidTarget::PathForm),
            "{path}"
        );
    }
    for (authority, error) in [
        ("user@allowed.test", InvalidTarget::Userinfo),
        (":80", InvalidTarget::Host(HostError::Empty)),
        ("", InvalidTarget::Host(HostError::Empty)),
        ("allowed.test/x", InvalidTarget::Authority),
        ("allowed.test?x", InvalidTarget::Authority),
        ("allowed.test#x", InvalidTarget::Authority),
        ("evil.test/@allowed.test", InvalidTarget::Authority),
    ] {
        assert_eq!(
            parts(Some("https"), Some(authority), Some("/")),
            Err(error),
            "{authority}"
        );
    }
    assert_eq!(
        parts(Some("https"), None, Some("/")),
        Err(InvalidTarget::Host(HostError::Empty))
    );
    assert_eq!(
        parts(None, Some("allowed.test"), Some("/")),
        Err(InvalidTarget::NoScheme)
    );
    for scheme in ["ftp", "https:", "https://evil.test/", "", "http+unix"] {
        assert_eq!(
            parts(Some(scheme), Some("allowed.test"), Some("/")),
            Err(InvalidTarget::Scheme),
            "{scheme}"
        );
    }
    for path in [None, Some(""), Some("/"), Some("#x")] {
        assert_eq!(
            parts(Some("https"), Some("allowed.test"), path)
                .unwrap()
                .url()
                .as_str(),
            "https://allowed.test/"
        );
    }
    assert_eq!(
        parts(Some("https"), Some("allowed.test"), Some("?q"))
            .unwrap()
            .url()
            .as_str(),
        "https://allowed.test/?q"
    );
    assert_eq!(
        parts(Some("http"), Some("2130706433"), None)
            .unwrap()
            .host()
            .to_string(),
        "127.0.0.1"
    );
}

#[test]
fn u19_the_method_list_is_closed() {
    for method in Method::ALL {
        assert_eq!(
            both_doors(method.as_str(), "https://allowed.test/")
                .unwrap()
                .method(),
            method
        );
    }
    for method in [
        "CONNECT",
        "TRACE",
        "PRI",
        "",
        " GET",
        "GET ",
        "GET\r\n",
        "G\u{415}T",
        "QUERY",
        "*",
    ] {
        assert_eq!(
            both_doors(method, "https://allowed.test/"),
            Err(InvalidTarget::Method(InvalidMethod::Unknown)),
            "{method}"
        );
    }
    assert_eq!(
        both_doors("get", "https://allowed.test/"),
        Err(InvalidTarget::Method(InvalidMethod::Case(Method::Get)))
    );
    assert_eq!(
        both_doors("Post", "https://allowed.test/")
            .unwrap_err()
            .to_string(),
        "methods are written in upper case: POST"
    );
}

#[test]
fn u20_lengths_are_bounded() {
    let at_limit = format!(
        "https://allowed.test/{}",
        "a".repeat(MAX_URL_BYTES - "https://allowed.test/".len())
    );
    get(&at_limit);
    assert_eq!(refused(&format!("{at_limit}a")), InvalidTarget::TooLong);
    assert_eq!(
        refused(&format!("https://allowed.test/{}", "a".repeat(1 << 20))),
        InvalidTarget::TooLong
    );
    assert_eq!(
        refused(&format!("https://{}test/", "a.".repeat(10_000))),
        InvalidTarget::TooLong
    );
    assert_eq!(
        refused(&format!("https://{}test/", "a.".repeat(3_000))),
        InvalidTarget::Host(HostError::TooLong)
    );
    assert_eq!(
        refused(&format!("https://{}.test/", "é".repeat(500))),
        InvalidTarget::Host(HostError::TooLong)
    );
    assert_eq!(
        refused(&format!("https://{}.test/", "a".repeat(64))),
        InvalidTarget::Host(HostError::LabelTooLong)
    );
    get(&format!("https://{}.test/", "a".repeat(63)));
    let longest = format!("{}{}", "a.".repeat(124), "abcde");
    assert_eq!(longest.len(), 253);
    get(&format!("https://{longest}/"));
    get(&format!("https://{longest}./"));
    assert_eq!(
        refused(&format!("https://{longest}f/")),
        InvalidTarget::Host(HostError::TooLong)
    );
    // IDNA removes soft hyphens: what is written may be longer than the name, but not without end.
    let padded = format!("aaa{}.test", "\u{ad}".repeat(508));
    assert_eq!(
        (
            padded.len(),
            get(&format!("https://{padded}/")).host().to_string()
        ),
        (1024, "aaa.test".to_owned())
    );
    assert_eq!(
        refused(&format!("https://a{padded}/")),
        InvalidTarget::Host(HostError::TooLong)
    );
    assert_eq!(
        refused(&format!("https://aa{padded}/")),
        InvalidTarget::Host(HostError::TooLong)
    );
    assert_eq!(MAX_URL_BYTES, 8_192);
    // Non-ASCII that fits as written but not as Punycode.
    refused(&format!("https://{}.test/", "é".repeat(70)));
    // A path of 8 KiB that encoding triples still parses.
    assert_eq!(
        get(&format!("https://allowed.test/{}", "|".repeat(8_000)))
            .path()
            .len(),
        24_001
    );
}

#[test]
fn hosts_have_only_the_characters_of_names() {
    for host in [
        "a*.test", "*.test", "a,b.test", "a!b", "a$b", "(a)", "a'b", "a;b", "a=b", "a~b", "a&b",
        "a+b", "a<b", "a|b", "a^b", "a`b", "a{b}", "a\"b",
    ] {
        assert_eq!(
            refused(&format!("https://{host}/")),
            InvalidTarget::Host(HostError::Name),
            "{host}"
        );
    }
    for host in [
        "%61llowed.test",
        "allowed%2etest",
        "allowed.test%00",
        "allowed.test%20",
        "%",
    ] {
        assert_eq!(
            refused(&format!("https://{host}/")),
            InvalidTarget::Host(HostError::Encoded),
            "{host}"
        );
    }
    for host in [
        "my_service",
        "_dmarc.allowed.test",
        "a-b.test",
        "x",
        "1a",
        "a1.2b",
    ] {
        assert_eq!(
            get(&format!("https://{host}/")).host().as_name(),
            Some(host)
        );
    }
    assert!(get("http://foo.localhost/").host().is_localhost());
    assert!(!get("http://notlocalhost/").host().is_localhost());
    assert!(!get("http://localhost.test/").host().is_localhost());
}

#[test]
fn s07_a_redirect_is_a_new_target() {
    let from = get("https://allowed.test:8443/a/b?q");
    for (location, url) in [
        ("https://other.test/x", "https://other.test/x"),
        ("//other.test/x", "https://other.test/x"),
        ("/x?y", "https://allowed.test:8443/x?y"),
        ("x", "https://allowed.test:8443/a/x"),
        ("../x", "https://allowed.test:8443/x"),
        ("./", "https://allowed.test:8443/a/"),
        ("?z", "https://allowed.test:8443/a/b?z"),
        ("", "https://allowed.test:8443/a/b?q"),
        ("#f", "https://allowed.test:8443/a/b?q"),
        (
            "x?u=http://evil.test",
            "https://allowed.test:8443/a/x?u=http://evil.test",
        ),
        ("http://2130706433/", "http://127.0.0.1/"),
    ] {
        let to = from
            .redirect(Method::Get, location)
            .unwrap_or_else(|error| panic!("{location}: {error}"));
        assert_eq!(to.url().as_str(), url, "{location}");
    }
    for location in [
        "file:///etc/passwd",
        "https:evil.test",
        "//user@evil.test/",
        r"\\evil.test",
        "/\r\nx",
        "javascript:0",
        "///evil.test",
        " /x",
        "x:y",
    ] {
        from.redirect(Method::Get, location).unwrap_err();
    }
    assert_eq!(
        from.redirect(Method::Get, &"a".repeat(MAX_URL_BYTES + 1)),
        Err(InvalidTarget::TooLong)
    );
    assert_eq!(
        from.redirect(Method::Head, "/x").unwrap().method(),
        Method::Head
    );
}

#[test]
fn origins_are_compared_in_canonical_form() {
    let origin: Origin = "https://API.Example.com:443".parse().unwrap();
    assert_eq!(
        origin,
        Origin {
            scheme: Scheme::Https,
            host: Host::Name("api.example.com".into()),
            port: 443
        }
    );
    assert_eq!(origin.to_string(), "https://api.example.com");
    assert_eq!(
        "https://api.example.com./".parse::<Origin>().unwrap(),
        origin
    );
    assert_eq!(
        "http://[::1]:8080".parse::<Origin>().unwrap().to_string(),
        "http://[::1]:8080"
    );
    for text in [
        "https://api.example.com/v1",
        "https://api.example.com?q",
        "https://api.example.com/#f",
    ] {
        assert_eq!(text.parse::<Origin>(), Err(OriginError::More), "{text}");
    }
    assert_eq!(
        "api.example.com".parse::<Origin>(),
        Err(OriginError::Url(InvalidTarget::NoScheme))
    );
    // S10: another name for the same machine is another origin.
    assert_ne!(
        "http://localhost:80".parse::<Origin>().unwrap(),
        "http://127.0.0.1:80".parse::<Origin>().unwrap()
    );
}

#[test]
fn errors_do_not_quote_the_url() {
    for url in [
        "https://user:hunter2@allowed.test/",
        "hunter2",
        "https://hunter2 /",
        "https://allowed.test:hunter2/",
        "https://[hunter2]/",
        "hunter2://x",
    ] {
        let error = refused(url);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}");
    }
    let denial = denied(&policy(&[]), "https://allowed.test/p?key=hunter2");
    assert!(!format!("{denial} {denial:?}").contains("hunter2"));
    assert!(matches!(denial.reason(), Reason::NoRule { nearest: None }));
}
