//! A request as it came over the wire.

/// The longest head that is read, in bytes; a request with a longer one has a [`Seen::fault`].
pub(super) const LONGEST_HEAD: usize = 32 << 20;

/// What of a body is kept, in bytes. More is read and counted, but not kept.
pub(super) const KEPT_BODY: usize = 64 << 20;

/// A request that reached the service.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Which connection it came by, counted from 0.
    pub connection: usize,
    /// The method.
    pub method: String,
    /// The request target, as sent.
    pub target: String,
    /// The version, as sent.
    pub version: String,
    /// The headers in the order and case of the wire; bytes that are not UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// The body without its framing; at most 64 MiB of it.
    pub body: Vec<u8>,
    /// How long the body was, in bytes.
    pub body_length: u64,
    /// Trailers of a chunked body.
    pub trailers: Vec<(String, String)>,
    /// The head, byte for byte, with the empty line that ends it.
    pub raw_head: Vec<u8>,
    /// Whether it was read to its end.
    pub complete: bool,
    /// What about it is no valid HTTP/1.1; the service answers 400 and closes.
    pub fault: Option<String>,
}

impl Seen {
    /// The target without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// All headers of that name, in any case.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is not JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("the body is not JSON ({error}): {}", self.text()))
    }

    /// Whether these bytes stand anywhere in the request as it came over the wire.
    #[must_use]
    pub fn holds(&self, needle: impl AsRef<[u8]>) -> bool {
        let needle = needle.as_ref();
        let within =
            |bytes: &[u8]| !needle.is_empty() && bytes.windows(needle.len()).any(|at| at == needle);
        within(&self.raw_head)
            || within(&self.body)
            || self
                .trailers
                .iter()
                .any(|(name, value)| within(name.as_bytes()) || within(value.as_bytes()))
    }
}

/// How a request's body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// Reads a head that ends with an empty line. A head that cannot be read has a fault.
pub(super) fn parse(raw_head: Vec<u8>, connection: usize) -> (Seen, Framing) {
    let text = String::from_utf8_lossy(&raw_head).into_owned();
    let mut lines = text.split("\r\n");
    let mut seen = Seen {
        connection,
        raw_head,
        ..Seen::default()
    };
    let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    match first.as_slice() {
        [method, target, version] if version.starts_with("HTTP/1.") => {
            seen.method = (*method).to_owned();
            seen.target = (*target).to_owned();
            seen.version = (*version).to_owned();
        }
        other => seen.fault = Some(format!("no request line: {other:?}")),
    }
    for line in lines.take_while(|line| !line.is_empty()) {
        match header(line) {
            Some(header) => seen.headers.push(header),
            None => seen.fault = Some(format!("no header: {line:?}")),
        }
    }
    let framing = match framing(&seen) {
        Ok(framing) => framing,
        Err(fault) => {
            seen.fault.get_or_insert(fault);
            Framing::None
        }
    };
    (seen, framing)
}

/// A header line; `None` if it is none, or one that a proxy might read in another way.
pub(super) fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    let clean = !value.contains(['\r', '\n', '\0']);
    (token && clean).then(|| (name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

/// RFC 9112 section 6, with everything that two parties might read differently as a fault.
fn framing(seen: &Seen) -> Result<Framing, String> {
    let (lengths, codings) = (seen.all("content-length"), seen.all("transfer-encoding"));
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Ok(Framing::None),
        ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => length
            .parse()
            .map(Framing::Length)
            .map_err(|_| format!("no length: {length:?}")),
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        (lengths, codings) => Err(format!(
            "ambiguous framing: Content-Length {lengths:?}, Transfer-Encoding {codings:?}"
        )),
    }
}

/// The size line of a chunk, without its end of line.
pub(super) fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    let digits = text.split(';').next()?.trim_end();
    let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex {
        u64::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}
