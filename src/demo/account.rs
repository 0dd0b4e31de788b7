//! Which account a server runs as. PostgreSQL refuses to run as root, and a throw-away server needs no rights.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// An unprivileged account of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// The account to step down to; `None` when we are not root and so need not.
    ///
    /// # Errors
    /// When we are root and the machine has neither a `postgres` nor a `nobody`.
    pub(super) fn to_step_down_to(own_folder: &Path) -> io::Result<Option<Self>> {
        // A file's owner is the one portable way to our own effective user without unsafe code.
        if fs::metadata(own_folder)?.uid() != 0 {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd")?;
        let found = ["postgres", "nobody"].into_iter().find_map(|name| parse(&passwd, name));
        found.map(Some).ok_or_else(|| io::Error::other("no account 'postgres' or 'nobody' to run a server as"))
    }

    /// A command of this account, quiet.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.uid(self.uid).gid(self.gid).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// An entry of `/etc/passwd`, never root's.
fn parse(passwd: &str, name: &str) -> Option<Account> {
    let mut entries = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let fields = entries.find(|fields| fields.first() == Some(&name))?;
    let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
    let account = Account { name: name.to_owned(), uid: number(2)?, gid: number(3)? };
    (account.uid != 0).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_passwd_and_survives_nonsense() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\nbad\nnobody:x:0:1::/:\n";
        assert_eq!(parse(passwd, "postgres"), Some(Account { name: "postgres".into(), uid: 101, gid: 104 }));
        assert_eq!(parse(passwd, "nobody"), None, "an unprivileged account with root's number is none");
        assert_eq!(parse(passwd, "bad"), None);
        assert_eq!(parse("", "postgres"), None);
    }
}
