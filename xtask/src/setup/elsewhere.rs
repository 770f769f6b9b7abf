//! The one command that installs what we need, where the system is not Debian's kin. Nothing is installed there by ourselves.

/// A system's package manager.
struct Manager {
    /// By which it is recognised.
    program: &'static str,
    install: &'static str,
    /// Only root may.
    sudo: bool,
    /// What it calls Debian's packages, where it does not call them the same.
    names: &'static [(&'static str, &'static str)],
}

/// Brew comes last: it is also on systems that have a manager of their own.
const MANAGERS: [Manager; 5] = [
    Manager {
        program: "dnf",
        install: "dnf install -y",
        sudo: true,
        names: &[("postgresql", "postgresql-server"), ("chromium-headless-shell", "chromium")],
    },
    Manager {
        program: "pacman",
        install: "pacman -S --needed",
        sudo: true,
        names: &[("python3-pip", "python-pip"), ("chromium-headless-shell", "chromium")],
    },
    Manager {
        program: "zypper",
        install: "zypper install -y",
        sudo: true,
        names: &[("postgresql", "postgresql-server"), ("chromium-headless-shell", "chromium")],
    },
    Manager {
        program: "apk",
        install: "apk add",
        sudo: true,
        names: &[
            ("postgresql", "postgresql postgresql-client"),
            ("python3-pip", "py3-pip"),
            ("chromium-headless-shell", "chromium"),
        ],
    },
    Manager {
        program: "brew",
        install: "brew install",
        sudo: false,
        names: &[
            ("postgresql", "postgresql@17"),
            ("python3-pip", "python"),
            ("chromium-headless-shell", "chromium"),
        ],
    },
];

/// What is missing, why it is needed, and the command that installs it on a system that has these programs.
pub(super) fn told(packages: &[&str], why: &str, root: bool, has: impl Fn(&str) -> bool) -> String {
    let Some(manager) = MANAGERS.iter().find(|manager| has(manager.program)) else {
        let wanted = packages.join(" ");
        return format!(
            "missing: {wanted} ({why}). Install it with this system's package manager and try again"
        );
    };
    let name = |package: &str| {
        let known = manager.names.iter().find(|(debian, _)| *debian == package);
        known.map_or_else(|| package.to_owned(), |(_, name)| (*name).to_owned())
    };
    let wanted = packages.iter().map(|package| name(package)).collect::<Vec<_>>().join(" ");
    let sudo = if manager.sudo && !root { "sudo " } else { "" };
    format!("missing: {wanted} ({why}). This installs it:\n\n    {sudo}{} {wanted}\n", manager.install)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_is_told_its_own_command() {
        let command = |program: &str, package: &str, root: bool| {
            let told = told(&[package], "why", root, |asked| asked == program);
            told.split_once("\n\n    ").unwrap().1.trim_end().to_owned()
        };
        for (program, postgres) in [
            ("dnf", "sudo dnf install -y postgresql-server"),
            ("pacman", "sudo pacman -S --needed postgresql"),
            ("zypper", "sudo zypper install -y postgresql-server"),
            ("apk", "sudo apk add postgresql postgresql-client"),
            ("brew", "brew install postgresql@17"),
        ] {
            assert_eq!(command(program, "postgresql", false), postgres);
        }
        assert_eq!(command("apk", "python3-pip", true), "apk add py3-pip");
        for manager in MANAGERS {
            assert!(command(manager.program, "chromium-headless-shell", false).ends_with(" chromium"));
        }
    }

    #[test]
    fn a_system_s_own_manager_goes_before_brew_and_an_unknown_one_is_left_to_the_reader() {
        let both = told(&["chromium"], "the browser", false, |asked| ["brew", "dnf"].contains(&asked));
        assert_eq!(
            both,
            "missing: chromium (the browser). This installs it:\n\n    sudo dnf install -y chromium\n"
        );
        let none = told(&["chromium"], "the browser", false, |_| false);
        assert!(none.starts_with("missing: chromium (the browser). Install it with this system's"), "{none}");
    }
}
