//! The one normalisation of paths and queries. What comes out is compared with the rules and goes on the wire.

/// A `%` that is not followed by two hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadPercent;

const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `path` (empty, or with a leading `/`) in canonical form: percent-encodings in upper case and only where needed, dot
/// segments resolved, characters that a path cannot have encoded.
///
/// Decoding comes before the dot segments are resolved, since `%2e` is a dot; `%2F` stays, since it is no separator; and nothing
/// is decoded twice.
pub(super) fn push_canonical_path(path: &str, out: &mut String) -> Result<(), BadPercent> {
    let start = out.len();
    if is_plain(path) {
        out.push_str(if path.is_empty() { "/" } else { path });
        return Ok(());
    }
    let normal = normalise_percent(path)?;
    let mut segments = normal
        .strip_prefix('/')
        .unwrap_or(&normal)
        .split('/')
        .peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." if last => out.push('/'),
            "." => {}
            ".." => {
                let kept = out
                    .get(start..)
                    .and_then(|pushed| pushed.rfind('/'))
                    .unwrap_or(0);
                out.truncate(start + kept);
                if last {
                    out.push('/');
                }
            }
            _ => {
                out.push('/');
                out.push_str(segment);
            }
        }
    }
    Ok(())
}

/// Whether a path is canonical as it stands, at a glance: most are.
fn is_plain(path: &str) -> bool {
    !path.contains("/.") && path.bytes().all(is_path_byte)
}

/// Unreserved characters: those whose encoded and plain forms mean the same everywhere.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What may stand in a path unencoded, `/` included.
const fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'/' | b':'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        )
}

/// What may stand in a query unencoded. `%` is left alone: policy does not read queries, and services differ in what they take.
/// `'` is encoded because the URL standard does so for http.
const fn is_query_byte(byte: u8) -> bool {
    byte == b'%'
        || byte == b'?'
        || byte == b'['
        || byte == b']'
        || (is_path_byte(byte) && byte != b'\'')
}

fn push_encoded(byte: u8, out: &mut String) {
    out.push('%');
    for nibble in [byte >> 4, byte & 15] {
        out.push(char::from(
            UPPER_HEX.get(usize::from(nibble)).copied().unwrap_or(b'0'),
        ));
    }
}

/// The byte that `%XX` at the beginning of `rest` stands for.
fn decode_one(rest: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = rest else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

fn normalise_percent(path: &str) -> Result<String, BadPercent> {
    let mut out = String::with_capacity(path.len() + 16);
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let decoded = decode_one(rest).ok_or(BadPercent)?;
            if is_unreserved(decoded) {
                out.push(char::from(decoded))
            } else {
                push_encoded(decoded, &mut out)
            }
            rest = rest.get(3..).unwrap_or_default();
            continue;
        }
        if is_path_byte(byte) {
            out.push(char::from(byte))
        } else {
            push_encoded(byte, &mut out)
        }
        rest = after;
    }
    Ok(out)
}

/// Appends `query` (without its `?`), with characters that a query cannot have encoded.
pub(super) fn push_canonical_query(query: &str, out: &mut String) {
    for byte in query.bytes() {
        if is_query_byte(byte) {
            out.push(char::from(byte))
        } else {
            push_encoded(byte, out)
        }
    }
}

/// How often a path is decoded in search of a hidden dot segment. Nobody encodes an honest path so often; deeper ones count as hidden.
const DECODE_ROUNDS: usize = 4;

/// Whether a server that decodes once more than it should, strips `;parameters`, takes `\` for `/` or reads overlong UTF-8 could
/// see a dot segment in the canonical `path`. Such a path may climb out of a prefix, so no rule with a prefix permits it.
pub(super) fn may_climb(path: &str) -> bool {
    if !path.bytes().any(|byte| matches!(byte, b'%' | b';')) {
        return false;
    }
    let mut bytes = path.as_bytes().to_vec();
    for _ in 0..DECODE_ROUNDS {
        if has_climbing_segment(&bytes) {
            return true;
        }
        let decoded: Vec<u8> = percent_encoding::percent_decode(&bytes).collect();
        if decoded.len() == bytes.len() {
            return false;
        }
        bytes = decoded;
    }
    true
}

/// Whether the path of a rule, as written, has a dot segment in any encoding.
pub(super) fn has_dot_segment(path: &str) -> bool {
    has_climbing_segment(path.as_bytes()) || may_climb(path)
}

fn has_climbing_segment(path: &[u8]) -> bool {
    // 0xC0 and 0xC1 occur in no valid UTF-8, only in overlong forms such as that of the dot; NUL ends a string in C.
    path.iter().any(|byte| matches!(byte, 0 | 0xC0 | 0xC1))
        || path
            .split(|byte| matches!(byte, b'/' | b'\\'))
            .any(|segment| {
                let name = segment
                    .split(|byte| *byte == b';')
                    .next()
                    .unwrap_or_default();
                matches!(name.trim_ascii(), b"." | b"..")
            })
}
