//! A temporary folder that does not outlive this process, however the process ends.
//!
//! Statics are not dropped and a killed process runs no destructor, so a small shell owns the folder: it waits for the
//! end of its standard input, which the kernel closes with us, and then removes everything.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use super::account::Account;
use super::random;

/// Longer than an orderly shutdown of an idle server takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Removes the folder `$1`. A line `group N` names the process group that works in the folder, `group` none.
const GUARD: &str = r#"
trap '' INT TERM HUP QUIT
group=
while read -r word value; do group=$value; done
[ -n "$group" ] && kill -s KILL -- "-$group" 2>/dev/null
cd /
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
"#;

/// A fresh folder of mode 0700 below a temporary directory that `account` can enter.
///
/// # Errors
/// The last refusal, when no temporary directory will do.
pub(super) fn create(account: Option<&Account>) -> io::Result<PathBuf> {
    let mut refusal = io::Error::other("no temporary directory");
    for parent in [env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")] {
        let folder = parent.join(format!("pg-preflight-{}", random::hex(8)?));
        if let Err(error) = fs::DirBuilder::new().mode(0o700).create(&folder) {
            refusal = error;
            continue;
        }
        let Some(account) = account else { return Ok(folder) };
        let entered = chown(&folder, Some(account.uid), Some(account.gid)).and_then(|()| {
            let status = account.command("true").current_dir(&folder).status()?;
            if status.success() { Ok(()) } else { Err(io::Error::other(format!("{status}"))) }
        });
        match entered {
            Ok(()) => return Ok(folder),
            Err(error) => {
                // Best effort: it is empty.
                let _ = fs::remove_dir(&folder);
                refusal = error;
            }
        }
    }
    Err(refusal)
}

/// A shell that owns a folder and ends, with everything in it, when its standard input does.
#[derive(Debug)]
pub(super) struct Watchdog {
    folder: PathBuf,
    shell: Child,
    input: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts `sh -c script watchdog ARGUMENTS` in `folder`, as `account`, in a process group of its own, so that
    /// Ctrl-C reaches only us.
    pub(super) fn start<I, S>(
        folder: PathBuf,
        account: Option<&Account>,
        script: &str,
        arguments: I,
    ) -> io::Result<Self>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = account.map_or_else(|| Command::new("/bin/sh"), |account| account.command("sh"));
        command.args(["-c", script, "watchdog"]).args(arguments).current_dir(&folder).process_group(0);
        // Nothing of the caller's PG*, LC_* or LD_PRELOAD may change the server.
        command.env_clear().env("LC_ALL", "C");
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut shell = spawned.inspect_err(|_| {
            let _ = fs::remove_dir_all(&folder);
        })?;
        let input = shell.stdin.take();
        Ok(Self { folder, shell, input })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sends one line to the script.
    pub(super) fn say(&mut self, line: &OsStr) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut bytes = std::os::unix::ffi::OsStrExt::as_bytes(line).to_vec();
        bytes.push(b'\n');
        input.write_all(&bytes).and_then(|()| input.flush())
    }

    /// Closes the input and waits until the script has ended and the folder is gone; `last_resort` is called when it
    /// takes too long or the script was killed. May be called again.
    pub(super) fn stop(&mut self, last_resort: impl FnOnce()) {
        self.input = None;
        let started = Instant::now();
        let mut last_resort = Some(last_resort);
        loop {
            match self.shell.try_wait() {
                // Killed: its work is undone.
                Ok(Some(status)) if status.code().is_none() => {
                    break last_resort.take().into_iter().for_each(|act| act());
                }
                Ok(None) => {}
                Ok(Some(_)) | Err(_) => break,
            }
            if started.elapsed() > PATIENCE {
                last_resort.take().into_iter().for_each(|act| act());
            }
            if started.elapsed() > 2 * PATIENCE {
                let _ = self.shell.kill().and_then(|()| self.shell.wait());
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        // The script has done it already unless it was killed itself.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A guarded folder for files and for programs that work in it.
#[derive(Debug)]
pub(super) struct Guarded {
    watchdog: Mutex<Watchdog>,
    folder: PathBuf,
}

impl Guarded {
    pub(super) fn create() -> io::Result<Self> {
        let folder = create(None)?;
        let watchdog = Watchdog::start(folder.clone(), None, GUARD, [&folder])?;
        // A server of another account runs its programs from here; nothing in here is secret.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        Ok(Self { watchdog: Mutex::new(watchdog), folder })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a program to its end, like [`Command::output`]; it and its children die with the folder.
    pub(super) fn run(&self, command: &mut Command) -> io::Result<Output> {
        // The lock is held from the start of the program to its announcement, so that `close` misses none.
        let mut watchdog = self.lock();
        if watchdog.input.is_none() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let child =
            command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let announced = watchdog.say(OsStr::new(&format!("group {}", child.id())));
        drop(watchdog);
        let output = child.wait_with_output();
        announced.and_then(|()| match self.lock().say(OsStr::new("group")) {
            // Closed meanwhile: the program was killed, and the caller is to hear that rather than its status.
            Err(_) => Err(io::ErrorKind::Interrupted.into()),
            Ok(()) => output,
        })
    }

    /// Kills what runs in the folder and removes it; idempotent.
    pub(super) fn close(&self) {
        self.lock().stop(|| ());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Watchdog> {
        self.watchdog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guarded_folder_is_gone_with_what_runs_in_it() {
        let guarded = Guarded::create().unwrap();
        let folder = guarded.folder().to_owned();
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::write(folder.join("a/b/c"), "x").unwrap();
        assert!(guarded.run(Command::new("true").current_dir(&folder)).unwrap().status.success());
        thread::scope(|scope| {
            let run = scope.spawn(|| guarded.run(Command::new("sleep").arg("600").current_dir(&folder)));
            thread::sleep(Duration::from_millis(200));
            guarded.close();
            assert!(run.join().unwrap().is_err());
        });
        assert!(!folder.exists());
        assert!(guarded.run(&mut Command::new("true")).is_err(), "nothing starts after the end");
    }
}
