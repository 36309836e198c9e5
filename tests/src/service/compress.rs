//! Compressed bodies, for bombs and for encoded reflections.

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use std::io::Write as _;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`.
    Gzip,
    /// `deflate` as the standard has it: a zlib stream.
    Deflate,
    /// `deflate` as some servers send it: a bare deflate stream.
    RawDeflate,
    /// `gzip, gzip`: compressed twice.
    GzipTwice,
}

impl Coding {
    /// The value of `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate | Self::RawDeflate => "deflate",
            Self::GzipTwice => "gzip, gzip",
        }
    }
}

/// Compresses some bytes.
#[must_use]
pub fn compress(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    parts(coding, std::iter::once(bytes))
}

/// So many zero bytes, compressed; about a thousandth of their size, a millionth where compressed twice.
/// Takes about a second for each GiB.
#[must_use]
pub fn zeros(coding: Coding, size: u64) -> Vec<u8> {
    static BLOCK: [u8; 1 << 16] = [0; 1 << 16];
    let mut left = size;
    parts(
        coding,
        std::iter::from_fn(move || {
            let length = BLOCK.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= length as u64;
            (length > 0).then(|| &BLOCK[..length])
        }),
    )
}

/// Every part in one stream: some decoders stop at the end of the first.
fn parts<'a>(coding: Coding, parts: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    macro_rules! through {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::default());
            for part in parts {
                encoder.write_all(part).expect("memory can be written");
            }
            encoder.finish().expect("memory can be written")
        }};
    }
    match coding {
        Coding::Gzip => through!(GzEncoder),
        Coding::Deflate => through!(ZlibEncoder),
        Coding::RawDeflate => through!(DeflateEncoder),
        Coding::GzipTwice => compress(Coding::Gzip, &through!(GzEncoder)),
    }
}
