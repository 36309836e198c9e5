//! Which names announce a secret.

/// The last words that make a name a secret's. Beyond the terms in common use, three that mean the same and one that is written
/// without its separator: a name that is missed here reaches the runner in clear.
pub const SECRET_WORDS: [&str; 11] = [
    "key",
    "token",
    "secret",
    "password",
    "credential",
    "credentials",
    "authorization",
    "passwd",
    "pwd",
    "passphrase",
    "apikey",
];

/// Whether a field or variable of this name holds a secret: its last word, split at `_`, `-`, `.` and at the humps of camelCase,
/// is one of [`SECRET_WORDS`] in any case.
///
/// Numbers at the end are passed over, so `API_KEY_2` and the list items `api_key.0` and `api_key.1` count. Plurals do not:
/// `max_tokens` is a number of things, not a thing to hide.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let separated = name
        .rsplit(['_', '-', '.'])
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let Some(word) = separated.into_iter().find(|word| !word.is_empty()) else {
        return false;
    };
    is_secret_word(word) || is_secret_word(last_hump(word))
}

fn is_secret_word(word: &str) -> bool {
    SECRET_WORDS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

/// `Key` of `apiKey` and of `APIKey`; the whole word where it has no humps.
fn last_hump(word: &str) -> &str {
    let bytes = word.as_bytes();
    let starts_hump = |at: usize| {
        let (before, here, after) = (
            bytes.get(at.wrapping_sub(1)),
            bytes.get(at),
            bytes.get(at + 1),
        );
        let upper = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_uppercase);
        let lower = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        upper(here) && (lower(before) || (upper(before) && lower(after)))
    };
    let start = (1..bytes.len())
        .rev()
        .find(|at| starts_hump(*at))
        .unwrap_or(0);
    // A hump starts at an ASCII letter, which is a boundary.
    word.get(start..).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn names_of_secrets() {
        for name in [
            "key",
            "api_key",
            "API_KEY",
            "CUSTOM_API_KEY",
            "x-api-key",
            "high.api_key",
            "auth_token",
            "AuthToken",
            "apiKey",
            "APIKey",
            "DBPassword",
            "authTOKEN",
            "client.secret",
            "db_password",
            "credential",
            "aws-credentials",
            "Authorization",
            "passwd",
            "DB_PWD",
            "ssh.passphrase",
            "apikey",
            "OPENAI_API_KEY_2",
            "api_key.0",
            "token2",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn names_of_other_things() {
        for name in [
            "",
            "_",
            "...",
            "0",
            "endpoint",
            "model",
            "max_tokens",
            "tokenizer",
            "keyboard",
            "monkey",
            "key_file",
            "secret_name",
            "turkey",
            "PATH",
            "keyId",
            "ключ",
            "passwords_seen",
            "hotKeyboard",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
