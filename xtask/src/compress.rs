//! Compressed copies beside the files of a release, so that the server sends them as they are instead of
//! compressing the same megabytes for each visitor.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Writes `FILE.br` and `FILE.gz`; the size of the first in bytes.
pub(crate) fn beside(file: &Path) -> Result<u64> {
    let content = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    let brotli = with_suffix(file, "br");
    let mut out = File::create(&brotli)?;
    brotli::BrotliCompress(&mut content.as_slice(), &mut out, &BrotliEncoderParams::default())
        .with_context(|| format!("could not compress {}", file.display()))?;
    let mut gzip = GzEncoder::new(File::create(with_suffix(file, "gz"))?, Compression::best());
    gzip.write_all(&content)?;
    gzip.finish()?;
    Ok(fs::metadata(brotli)?.len())
}

/// Removes what [`beside`] wrote.
pub(crate) fn forget(file: &Path) {
    for suffix in ["br", "gz"] {
        let _ = fs::remove_file(with_suffix(file, suffix));
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn both_copies_hold_what_the_file_holds() {
        let scratch = Scratch::new("compress").unwrap();
        let file = scratch.path().join("a.css");
        let content = ".a { color: red; }\n".repeat(500);
        fs::write(&file, &content).unwrap();
        let size = beside(&file).unwrap();
        assert!(size < 200, "{size} bytes");
        let mut plain = Vec::new();
        let brotli = fs::read(scratch.path().join("a.css.br")).unwrap();
        brotli::BrotliDecompress(&mut brotli.as_slice(), &mut plain).unwrap();
        assert_eq!(plain, content.as_bytes());
        let mut text = String::new();
        let gzip = File::open(scratch.path().join("a.css.gz")).unwrap();
        flate2::read::GzDecoder::new(gzip).read_to_string(&mut text).unwrap();
        assert_eq!(text, content);
        forget(&file);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }
}
