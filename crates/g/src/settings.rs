//! Where the token is. It is never an argument: arguments are seen by everybody on the machine and kept by shells.

use std::{env, fs, path::PathBuf};

use crate::{
    cli::Common,
    failure::{Failure, Kind},
};

/// Characters of a token file, at most.
const LARGEST: u64 = 4096;

/// The token of the file that the flag names, or of the one in the configuration folder.
pub(crate) fn token(common: &Common) -> Result<String, Failure> {
    let forbidden = |message: String| Failure::new(Kind::Forbidden, message);
    let path = match &common.token_file {
        Some(path) => path.clone(),
        None => default_file()
            .ok_or_else(|| forbidden("HOME is not set: name the token's file by --token-file".to_owned()))?,
    };
    let shown = path.display();
    let about = fs::metadata(&path).map_err(|error| {
        forbidden(format!(
            "no API token in {shown} ({error})\n  make one in Settings, API tokens, save it there and `chmod 600` it; \
             --token-file names another file"
        ))
    })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if about.permissions().mode() & 0o077 != 0 {
            return Err(forbidden(format!("{shown} can be read by others: `chmod 600 {shown}`")));
        }
    }
    if about.len() > LARGEST {
        return Err(forbidden(format!("{shown} is no token: it is too large")));
    }
    let text =
        fs::read_to_string(&path).map_err(|error| forbidden(format!("{shown} cannot be read: {error}")))?;
    let token = text.trim();
    if !token.starts_with(domain::token::TOKEN_PREFIX) || token.contains(char::is_whitespace) {
        let prefix = domain::token::TOKEN_PREFIX;
        return Err(forbidden(format!(
            "{shown} holds no API token: one begins with {prefix} and stands alone in the file"
        )));
    }
    Ok(token.to_owned())
}

/// By the XDG base directory specification.
fn default_file() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some(config.join("agent-manager").join("token"))
}
