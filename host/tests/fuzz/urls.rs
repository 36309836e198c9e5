//! The canonical form of what a guest asks for, and the two doors to it.

use crate::material::{bent, bytes, config, lines, soup};
use crate::oracle::Meaning;
use arborist::policy::{MAX_URL_BYTES, Method, Target};
use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};
use url::Url;

pub(crate) fn words() -> Vec<String> {
    lines(include_str!("words/urls.txt"))
}

pub(crate) fn seeds() -> Vec<String> {
    lines(include_str!("seeds/urls.txt"))
}

/// Parts that each are mostly sound, so that most of them are URLs.
pub(crate) fn sound() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(&["https", "http", "HTTPS", "hTTp"][..]);
    let host = prop_oneof![
        prop::sample::select(
            &[
                "allowed.test",
                "a.allowed.test",
                "b.a.allowed.test.",
                "ALLOWED.TEST",
                "evilallowed.test",
                "localhost",
                "127.0.0.1",
                "0x7f.1",
                "2130706433",
                "[::1]",
                "[0:0:0:0:0:0:0:1]",
                "10.0.0.1",
                "[::ffff:10.0.0.1]",
                "bücher.example",
                "xn--bcher-kva.example",
                "ⓐllowed.test"
            ][..]
        )
        .prop_map(str::to_owned),
        "[a-zA-Z0-9_ß-]{1,12}(\\.[a-z]{1,4}){0,3}",
        "[0-9a-fx]{1,5}(\\.[0-9]{1,3}){0,4}",
        soup(words(), 3),
    ];
    let port = prop_oneof![
        3 => Just(String::new()),
        1 => prop::sample::select(&[":443", ":80", ":8443"][..]).prop_map(str::to_owned),
        1 => "(:[0-9]{0,6})?",
    ];
    let path = prop_oneof![
        "(/(v1|admin|a|\\.|\\.\\.|%2e|%2E%2e|%2f|%7e|é|;x|)){0,5}",
        "(/[ -~&&[^\\\\ ]]{0,6}){0,4}",
        soup(words(), 6).prop_map(|rest| format!("/{rest}")),
    ];
    let query = prop_oneof![2 => Just(String::new()), 1 => "\\?[!-~&&[^\\\\]]{0,12}", 1 => soup(words(), 4)];
    (scheme, host, port, path, query).prop_map(|(scheme, host, port, path, query)| {
        format!("{scheme}://{host}{port}{path}{query}")
    })
}

pub(crate) fn any_url() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => sound(),
        3 => bent(seeds(), words()),
        1 => soup(words(), 14),
        1 => bytes(80),
    ]
}

/// Everything that must hold for a URL as a guest writes it.
fn judge(url: &str) {
    let Ok(target) = Target::parse("GET", url) else {
        return judge_refusal(url);
    };
    let text = target.url().as_str();
    // What is sent means the same to whoever reads it, and to us once more.
    assert_eq!(Target::parse("GET", text).as_ref(), Ok(&target));
    let uri: http::Uri = text.parse().expect("http reads what is sent");
    assert_eq!(uri.host(), target.url().host_str());
    assert_eq!(uri.path(), target.path());
    assert_eq!(uri.query(), target.query());
    assert_eq!(
        uri.port_u16().unwrap_or(target.scheme().default_port()),
        target.port()
    );
    // Nothing in it ends a request line, climbs, or is somebody's password.
    assert!(
        text.bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    );
    assert!(target.url().fragment().is_none() && target.url().username().is_empty());
    assert!(
        !target
            .path()
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
    );
    // A byte becomes at most three, and a label of a name at most its Punycode.
    assert!(
        text.len() <= 3 * url.len() + 64,
        "{} bytes of {}",
        text.len(),
        url.len()
    );
    // The URL standard's parser reads in the guest's text what we read in it.
    let other = Url::parse(url).expect("the standard is laxer than we are");
    assert!(other.username().is_empty() && other.password().is_none());
    assert_eq!(Meaning::of(target.url()), Meaning::of(&other));
}

fn judge_refusal(url: &str) {
    let error = Target::parse("GET", url)
        .expect_err("it was refused")
        .to_string();
    assert!(
        !error.is_empty() && error.len() < 300 && !error.chars().any(char::is_control),
        "{error:?}"
    );
}

/// The parts of a URL as a guest's library gives them to wasi:http.
struct Parts {
    scheme: String,
    authority: String,
    path_and_query: Option<String>,
}

impl Parts {
    fn target(&self, method: &str) -> Option<Target> {
        let path = self.path_and_query.as_deref();
        Target::from_parts(method, Some(&self.scheme), Some(&self.authority), path).ok()
    }

    /// At the first marks of each kind, the fragment first.
    fn by_hand(url: &str) -> Option<Self> {
        let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
        // A library that drops the fragment drops what is wrong with it.
        if fragment.contains(|c: char| c.is_ascii_control() || matches!(c, ' ' | '\\')) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        Some(Self {
            scheme: scheme.to_owned(),
            authority: authority.to_owned(),
            path_and_query: Some(path.to_owned()).filter(|path| !path.is_empty()),
        })
    }

    /// As hyper and its clients hold a URL. The parser is stricter than ours and never laxer about what it takes.
    fn by_http(url: &str) -> Option<Self> {
        let uri: http::Uri = url.parse().ok()?;
        Some(Self {
            scheme: uri.scheme_str()?.to_owned(),
            authority: uri.authority()?.as_str().to_owned(),
            path_and_query: uri.path_and_query().map(|path| path.as_str().to_owned()),
        })
    }

    /// As reqwest and browsers hold a URL: in the standard's canonical form.
    fn by_standard(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        Some(Self {
            scheme: url.scheme().to_owned(),
            authority: url.authority().to_owned(),
            path_and_query: Some(
                url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            ),
        })
    }
}

fn judge_doors(method: &str, url: &str) {
    let first = Target::parse(method, url).ok();
    if let Some(parts) = Parts::by_hand(url) {
        assert_eq!(first, parts.target(method), "by hand: {method} {url:?}");
    }
    if let Some(parts) = Parts::by_http(url) {
        let second = parts.target(method);
        // `http::Uri` cuts at `?` before `#` and drops what follows `#`, bad or not: it may take more, never something else.
        assert!(
            first.is_none() || first == second,
            "by http: {method} {url:?}: {first:?} {second:?}"
        );
    }
    if let Some(parts) = Parts::by_standard(url)
        && let Some(first) = first
    {
        // The standard drops tabs and turns `\` before our door sees the parts, so only what the first door takes can be compared;
        // and it encodes less than we do, so that what comes out is compared and not what was written.
        let second = parts.target(method).expect("the same URL, already clean");
        assert_eq!(
            Meaning::of(first.url()),
            Meaning::of(second.url()),
            "{url:?}"
        );
        assert_eq!(
            (first.origin(), first.path()),
            (second.origin(), second.path()),
            "{url:?}"
        );
    }
}

/// What a redirect leads to is what the URL standard says, or nothing.
fn judge_redirect(base: &str, location: &str) {
    let Ok(base) = Target::parse("GET", base) else {
        return;
    };
    let Ok(next) = base.redirect(Method::Get, location) else {
        return;
    };
    let standard = base
        .url()
        .join(location)
        .expect("the standard is laxer than we are");
    assert_eq!(
        Meaning::of(next.url()),
        Meaning::of(&standard),
        "{base} → {location:?}"
    );
    judge(next.url().as_str());
}

#[test]
fn the_seeds_hold() {
    let seeds = seeds();
    for url in &seeds {
        judge(url);
        for base in &seeds {
            judge_redirect(base, url);
        }
        for method in ["GET", "POST", "get", "CONNECT", ""] {
            judge_doors(method, url);
        }
    }
    assert!(
        seeds
            .iter()
            .filter(|url| Target::parse("GET", url).is_ok())
            .count()
            >= 20
    );
}

#[test]
fn one_byte_too_many_is_refused_whatever_it_is() {
    for filler in ["a", "%2e", "/..", "é", "?", "#", ".", "@"] {
        let url = format!("https://allowed.test/{}", filler.repeat(MAX_URL_BYTES));
        assert!(Target::parse("GET", &url).is_err());
        let host = format!("https://{}/", filler.repeat(4_000 / filler.len()));
        judge(&host);
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn a_canonical_url_means_what_the_guest_wrote(url in any_url()) {
        judge(&url);
    }

    #[test]
    fn the_doors_agree(method in prop::sample::select(&["GET", "POST", "get", "CONNECT", "PRI"][..]), url in any_url()) {
        judge_doors(method, &url);
    }

    #[test]
    fn parts_mean_what_they_join_to(scheme in prop_oneof![3 => Just("https".to_owned()), 1 => soup(words(), 3)], authority in soup(words(), 4), path in prop_oneof![soup(words(), 5), soup(words(), 5).prop_map(|path| format!("/{path}"))]) {
        if let Ok(target) = Target::from_parts("GET", Some(&scheme), Some(&authority), Some(&path)) {
            assert_eq!(Target::parse("GET", &format!("{scheme}://{authority}{path}")), Ok(target));
        }
    }

    #[test]
    fn a_redirect_leads_where_the_standard_says(base in sound(), location in prop_oneof![any_url(), soup(words(), 6)]) {
        judge_redirect(&base, &location);
    }
}
