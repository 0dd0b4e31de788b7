//! Scripts, as far as they run images and install packages.

/// Scripts in scripts, as `bash -c` takes them.
const MAX_DEPTH: usize = 3;

/// A word of a command, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The line ends before it.
    pub line: u32,
    pub text: String,
}

pub(super) type Command = Vec<Word>;

/// The commands of a script, in order, and after each those of the scripts in it.
pub(super) fn commands(script: &str) -> Vec<Command> {
    let mut found = Vec::new();
    split(script, 0, 0, &mut found);
    found
}

fn split(script: &str, first: u32, depth: usize, found: &mut Vec<Command>) {
    let mut command = Command::new();
    let mut word: Option<Word> = None;
    let mut quote = None;
    let mut line = first;
    let mut inner: Vec<Word> = Vec::new();
    let mut characters = script.chars().peekable();
    let mut end_word = |word: &mut Option<Word>, command: &mut Command| {
        if let Some(word) = word.take() {
            if depth < MAX_DEPTH && is_script(&word.text, command) {
                inner.push(word.clone());
            }
            command.push(word);
        }
    };
    while let Some(c) = characters.next() {
        let (at, begins) = (line, word.is_none());
        let mut push = |c: char| word.get_or_insert_with(|| Word { line: at, text: String::new() }).text.push(c);
        match (c, quote) {
            ('\\', None | Some('"')) => match characters.next() {
                Some('\n') => {
                    line += 1;
                    if quote.is_none() {
                        end_word(&mut word, &mut command);
                    }
                }
                Some(c) => push(c),
                None => {}
            },
            ('\n', Some(_)) => {
                line += 1;
                push('\n');
            }
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_with(|| Word { line: at, text: String::new() });
            }
            (c, Some(open)) if c == open => quote = None,
            ('#', None) if begins => {
                while characters.peek().is_some_and(|c| *c != '\n') {
                    characters.next();
                }
            }
            // `${{ matrix.pg }}` and `${NAME:-16}` are one word.
            ('$', None) if characters.peek() == Some(&'{') => {
                push('$');
                let mut open = 0_u32;
                for c in characters.by_ref() {
                    push(c);
                    match c {
                        '{' => open += 1,
                        '}' => open = open.saturating_sub(1),
                        '\n' => line += 1,
                        _ => {}
                    }
                    if open == 0 {
                        break;
                    }
                }
            }
            ('\n' | ';' | '&' | '|' | '(' | ')' | '`', None) => {
                line += u32::from(c == '\n');
                end_word(&mut word, &mut command);
                keep(std::mem::take(&mut command), found);
            }
            (c, None) if c.is_whitespace() => end_word(&mut word, &mut command),
            (c, _) => push(c),
        }
    }
    end_word(&mut word, &mut command);
    keep(command, found);
    for word in inner {
        split(&word.text, word.line, depth + 1, found);
    }
}

/// What is only printed is not run.
fn keep(command: Command, found: &mut Vec<Command>) {
    if command.first().is_some_and(|word| !matches!(word.text.as_str(), "echo" | "printf")) {
        found.push(command);
    }
}

/// Whether a word is a script that the command before it runs: `bash -lc '…'`, `eval "…"`.
fn is_script(word: &str, before: &[Word]) -> bool {
    let is_flag = |text: &str| text.starts_with('-') && !text.starts_with("--") && text.ends_with('c');
    word.contains(char::is_whitespace) && before.last().is_some_and(|word| is_flag(&word.text) || word.text == "eval")
}

/// What runs containers.
const ENGINES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// Flags that take no value; a word that is not one of them and has no `=` in it takes the next.
/// <https://docs.docker.com/reference/cli/docker/container/run/>
const BARE: [&str; 16] = [
    "--rm",
    "--init",
    "--detach",
    "--interactive",
    "--tty",
    "--privileged",
    "--read-only",
    "--quiet",
    "--publish-all",
    "--all-tags",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--sig-proxy",
    "--disable-content-trust",
    "--use-api-socket",
    "--replace",
];

/// The image that a command runs, creates or pulls.
pub(super) fn image(command: &[Word]) -> Option<Word> {
    let engine = command.iter().position(|word| {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        ENGINES.contains(&name)
    })?;
    let mut words = command[engine + 1..].iter().skip_while(|word| matches!(word.text.as_str(), "container" | "image"));
    words.next().filter(|word| matches!(word.text.as_str(), "run" | "pull" | "create"))?;
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if !text.starts_with('-') {
            return Some(word.clone());
        }
        let is_short = !text.starts_with("--") && text.len() > 1;
        let is_bare = if is_short { text[1..].chars().all(|c| "ditPqa".contains(c)) } else { BARE.contains(&text) };
        // `-p5432:5432` has its value in it.
        let has_value = text.contains('=') || is_short && text.len() > 2;
        if !is_bare && !has_value {
            words.next();
        }
    }
    None
}

const INSTALLERS: [&str; 8] = ["apt-get", "apt", "aptitude", "apk", "yum", "dnf", "microdnf", "zypper"];

/// The packages that a command installs, without the versions that they are pinned to.
pub(super) fn packages(command: &[Word]) -> Vec<Word> {
    let is = |word: &Word, names: &[&str]| names.contains(&word.text.as_str());
    let Some(installer) =
        command.iter().position(|word| is(word, &INSTALLERS) || is(word, &["brew", "install_packages"]))
    else {
        return Vec::new();
    };
    let mut words = command[installer..].iter();
    if !words.next().is_some_and(|word| is(word, &["install_packages"])) {
        // `apk add`, `apt-get -y install`
        if !words.any(|word| is(word, &["install", "add", "in"])) {
            return Vec::new();
        }
    }
    let names = words.filter(|word| !word.text.starts_with('-'));
    let bare = names.map(|word| {
        let text = word.text.split(['=', '~', '<', '>', '/', ':']).next().unwrap_or_default();
        // `postgresql-${PG:-16}` is no pin.
        let text = if word.text.contains("${") { word.text.as_str() } else { text };
        Word { line: word.line, text: text.to_owned() }
    });
    bare.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(script: &str) -> Vec<String> {
        commands(script).iter().filter_map(|command| image(command)).map(|word| word.text).collect()
    }

    #[test]
    fn the_image_is_the_first_word_that_is_no_flag() {
        for (script, expected) in [
            ("docker run --rm -it postgres:16 psql -c 'select 1'", "postgres:16"),
            ("sudo docker run -d --name db -e A=b -p 5432:5432 --network=x postgres:16", "postgres:16"),
            ("docker pull --platform linux/amd64 \"postgres:16\"", "postgres:16"),
            ("x=$(docker container run -v \"$PWD:/x\" postgres:16)", "postgres:16"),
            ("if true; then podman run -dit -p5432:5432 \\\n  --init postgres:16; fi", "postgres:16"),
            ("docker create postgres:${{ matrix.pg }}", "postgres:${{ matrix.pg }}"),
            ("bash -c 'set -e; docker pull postgres:16'", "postgres:16"),
        ] {
            assert_eq!(found(script), [expected], "{script}");
        }
        for script in [
            "docker run",
            "docker compose run db",
            "docker build -t postgres:16 .",
            "# docker run postgres:16",
            "echo run postgres",
        ] {
            assert_eq!(found(script), Vec::<String>::new(), "{script}");
        }
    }

    #[test]
    fn packages_come_after_install() {
        let names = |script: &str| -> Vec<(u32, String)> {
            commands(script).iter().flat_map(|command| packages(command)).map(|word| (word.line, word.text)).collect()
        };
        let script = "apt-get update && apt-get install -y --no-install-recommends \\\n  curl \\\n  postgresql-client-16=16.3-1.pgdg120+1 && rm -rf x";
        assert_eq!(names(script), [(1, "curl".to_owned()), (2, "postgresql-client-16".to_owned())]);
        assert_eq!(names("apk add --no-cache postgresql16-client~=16.3"), [(0, "postgresql16-client".to_owned())]);
        assert_eq!(names("brew install postgresql@16; echo postgresql-12"), [(0, "postgresql@16".to_owned())]);
        assert_eq!(names("apt-get remove postgresql-12"), []);
        assert_eq!(names("echo apt-get; install_packages postgresql-client-${PG:-16}").len(), 1);
    }

    #[test]
    fn hostile_scripts_end() {
        for script in [
            "\"".repeat(250_000),
            "$(".repeat(250_000),
            "${".repeat(250_000),
            "\\\n".repeat(250_000),
            "' ".repeat(250_000),
        ] {
            assert!(commands(&script).len() <= script.len());
        }
    }
}
