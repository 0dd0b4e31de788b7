//! Versions of services and drivers, and ranges of them.
//!
//! Registries and image tags write `v2.48.16.cli-migrations-v3`, `v0.63.5.2`, `42.7.3.jre7`, `2.0.0-beta.1`, `3.0b1`. What counts are
//! the numbers and whether it is a pre-release; the rest names a variant of the same version.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Bound;

/// A version that can be ordered: numbers part by part, a pre-release before its release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceVersion {
    /// Without zeros at the end: `2.0` is `2`.
    numbers: Vec<u64>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// By the kind's rank, and its number.
    Before(usize, u64),
    Released,
}

/// All versions between two bounds; of one version alone when they are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    low: Bound<ServiceVersion>,
    high: Bound<ServiceVersion>,
}

/// A version as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    prefix: &'static str,
    numbers: Vec<u64>,
    stage: Stage,
    /// `v0.62.18.x`: of this series whichever is the newest.
    floats: bool,
}

/// In the order in which they come out.
const STAGES: [&[&str]; 5] = [&["dev", "snapshot"], &["alpha", "a"], &["beta", "b"], &["preview", "pre"], &["rc", "c"]];

/// More than any project writes.
const MAX_PARTS: usize = 6;

impl Written {
    /// Reads the version that a tag or a lock file writes; `None` of what names none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let stripped = text.strip_prefix(['v', 'V']);
        let prefix = if stripped.is_some() { "v" } else { "" };
        let mut rest = stripped.unwrap_or(text);
        let mut numbers = Vec::new();
        let mut floats = false;
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            numbers.push(rest[..end].parse().ok()?);
            rest = &rest[end..];
            let Some(next) = rest.strip_prefix('.') else { break };
            if is_wildcard(next) {
                floats = true;
                rest = "";
            } else if next.starts_with(|c: char| c.is_ascii_digit()) {
                rest = next;
                continue;
            }
            break;
        }
        if numbers.len() > MAX_PARTS {
            return None;
        }
        Some(Self { prefix, numbers, stage: stage(rest)?, floats })
    }

    /// Without its first number, where that tells editions of the same code apart: Metabase's `v1.58` is `v0.58`.
    #[must_use]
    pub fn without_edition(mut self) -> Option<Self> {
        if self.numbers.len() < 2 {
            return None;
        }
        self.numbers.remove(0);
        Some(self)
    }

    #[must_use]
    pub fn version(&self) -> ServiceVersion {
        let mut numbers = self.numbers.clone();
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        ServiceVersion { numbers, stage: self.stage }
    }

    /// The version that is meant, or all that may be meant: a tag of fewer than `parts` numbers moves with each release.
    #[must_use]
    pub fn span(&self, parts: usize) -> Span {
        let floats = self.floats || (self.numbers.len() < parts && self.stage == Stage::Released);
        let low = Bound::Included(self.version());
        if !floats {
            return Span { high: low.clone(), low };
        }
        let mut next = self.clone();
        if let Some(last) = next.numbers.last_mut() {
            *last = last.saturating_add(1);
        }
        Span { low, high: Bound::Excluded(next.version()) }
    }
}

/// Without the name of its variant: `v2.48.16` of `v2.48.16.cli-migrations-v3`.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.numbers.iter().map(u64::to_string).collect();
        write!(f, "{}{}", self.prefix, numbers.join("."))?;
        match self.stage {
            Stage::Before(rank, number) => write!(f, "-{}.{number}", STAGES[rank][0])?,
            Stage::Released if self.floats => f.write_str(".x")?,
            Stage::Released => {}
        }
        Ok(())
    }
}

/// `x` or `*` in the place of a number.
fn is_wildcard(text: &str) -> bool {
    text.strip_prefix(['x', 'X', '*']).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '+']))
}

/// What follows the numbers: a pre-release, or the name of a variant. `None` where the numbers were no version: `7f3c1a`.
fn stage(rest: &str) -> Option<Stage> {
    let word = rest.trim_start_matches(['-', '.', '_', '~']);
    let separated = word.len() < rest.len();
    let end = word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len());
    let (kind, tail) = word.split_at(end);
    let lower = kind.to_ascii_lowercase();
    let number = tail.trim_start_matches(['.', '-']);
    let digits = &number[..number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len())];
    // A single letter is one only before its number: 3.0b1.
    let found = STAGES.iter().position(|names| names.contains(&lower.as_str()));
    if let Some(rank) = found.filter(|_| kind.len() > 1 || (tail == number && !digits.is_empty())) {
        return Some(Stage::Before(rank, digits.parse().unwrap_or(0)));
    }
    (rest.is_empty() || separated || rest.starts_with('+')).then_some(Stage::Released)
}

impl Span {
    /// Reads `>=2.6.0-beta.2, <2.35.1`, `42.7.3` (that one alone), or `*`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, edition_first: bool) -> Result<Self, String> {
        let mut span = Self { low: Bound::Unbounded, high: Bound::Unbounded };
        if text.trim() == "*" {
            return Ok(span);
        }
        for part in text.split(',') {
            let part = part.trim();
            let digits = part.find(|c: char| !matches!(c, '<' | '>' | '=')).unwrap_or(part.len());
            let (operator, version) = part.split_at(digits);
            let written = Written::read(version).filter(|written| !written.floats);
            let written = if edition_first { written.and_then(Written::without_edition) } else { written };
            let version = written.map(|written| written.version()).ok_or(format!("'{part}' is no bound of a range"))?;
            match operator {
                ">=" => span.low = Bound::Included(version),
                ">" => span.low = Bound::Excluded(version),
                "<" => span.high = Bound::Excluded(version),
                "<=" => span.high = Bound::Included(version),
                "" | "=" => span = Self { low: Bound::Included(version.clone()), high: Bound::Included(version) },
                _ => return Err(format!("'{operator}' compares nothing")),
            }
        }
        if span.is_empty() { Err(format!("no version is in '{text}'")) } else { Ok(span) }
    }

    /// From one version on, and before another.
    #[must_use]
    pub fn between(low: ServiceVersion, before: Option<ServiceVersion>) -> Self {
        Self { low: Bound::Included(low), high: before.map_or(Bound::Unbounded, Bound::Excluded) }
    }

    /// One major of PostgreSQL.
    #[must_use]
    pub fn of_major(major: u64) -> Self {
        let version = ServiceVersion { numbers: vec![major], stage: Stage::Released };
        Self { low: Bound::Included(version.clone()), high: Bound::Included(version) }
    }

    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        low_order(&self.low, &other.low).is_le() && high_order(&self.high, &other.high).is_ge()
    }

    /// Whether a version may be in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let low = if low_order(&self.low, &other.low).is_ge() { &self.low } else { &other.low };
        let high = if high_order(&self.high, &other.high).is_le() { &self.high } else { &other.high };
        !Self { low: low.clone(), high: high.clone() }.is_empty()
    }

    fn is_empty(&self) -> bool {
        let (Some(low), Some(high)) = (version_of(&self.low), version_of(&self.high)) else { return false };
        let both = matches!((&self.low, &self.high), (Bound::Included(_), Bound::Included(_)));
        low > high || (low == high && !both)
    }
}

fn version_of(bound: &Bound<ServiceVersion>) -> Option<&ServiceVersion> {
    match bound {
        Bound::Included(version) | Bound::Excluded(version) => Some(version),
        Bound::Unbounded => None,
    }
}

fn low_order(a: &Bound<ServiceVersion>, b: &Bound<ServiceVersion>) -> Ordering {
    let later = |bound: &Bound<ServiceVersion>| matches!(bound, Bound::Excluded(_));
    version_of(a).cmp(&version_of(b)).then(later(a).cmp(&later(b)))
}

fn high_order(a: &Bound<ServiceVersion>, b: &Bound<ServiceVersion>) -> Ordering {
    let earlier = |bound: &Bound<ServiceVersion>| matches!(bound, Bound::Excluded(_));
    match (version_of(a), version_of(b)) {
        (Some(left), Some(right)) => left.cmp(right).then(earlier(b).cmp(&earlier(a))),
        (left, right) => right.is_some().cmp(&left.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ServiceVersion {
        Written::read(text).unwrap_or_else(|| panic!("{text} is a version")).version()
    }

    fn span(text: &str) -> Span {
        Span::parse(text, false).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn versions_order_as_their_projects_mean_it() {
        let written = [
            "1.3.3",
            "v2.0.0-alpha.4",
            "v2.0.0-alpha.11",
            "v2.0.0-beta.1",
            "2.0.0-rc.1",
            "v2.0.0",
            "v2.0.1-ce.cli-migrations-v3",
            "v2.6.0-beta.2.cli-migrations-v3",
            "v2.6.0",
            "v2.13.0",
            "v2.48.3.ubuntu.cli-migrations-v3",
            "v2.48.16.cli-migrations-v3",
            "3.0.dev1",
            "3.0a1",
            "3.0b1",
            "3.0rc2",
            "3.0",
            "42.2.1",
            "42.7.3.jre7",
            "42.7.12",
        ];
        for pair in written.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        for (one, other) in [
            ("v2.48.16", "v2.48.16.cli-migrations-v3"),
            ("v2.36.5", "v2.36.5-ce.cli-migrations-v3"),
            ("1.12", "v1.12.0"),
            ("1.22.1", "1.22.1-p0"),
            ("1.10.9", "v1.10.9+incompatible"),
            ("2.9.9", "2.9.9.post1"),
            ("1.22.0", "1.22.0-debian-12-r5"),
            ("1.23", "1.23-alpine3.20"),
        ] {
            assert_eq!(version(one), version(other));
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in
            ["", "v", "latest", "prerelease", "x", "7f3c1ab", "${TAG}", "a.b", "..", "v.1", "99999999999999999999999"]
        {
            assert_eq!(Written::read(text), None, "{text}");
        }
        assert_eq!(Written::read("1.1.1.1.1.1.1"), None);
        let shown =
            ["v2.48.16.cli-migrations-v3", "v0.62.18.x", "3.0b1"].map(|text| Written::read(text).unwrap().to_string());
        assert_eq!(shown, ["v2.48.16", "v0.62.18.x", "3.0-beta.1"]);
        assert_eq!(Written::read("58").unwrap().without_edition(), None);
    }

    #[test]
    fn editions_of_one_code_are_the_same() {
        let line = |text| Written::read(text).unwrap().without_edition().unwrap();
        assert_eq!(line("v0.58.24").version(), line("v1.58.24").version());
        assert!(line("v0.63.5.2").version() > line("v1.63.5").version());
        assert_eq!(line("v0.58").span(2), line("v1.58.x").span(2));
        let range = Span::parse(">=0.50, <0.60", true).unwrap();
        assert!(range.contains(&line("v1.58").span(2)) && !range.overlaps(&line("v0.60.1").span(2)));
    }

    #[test]
    fn a_tag_that_moves_is_a_series() {
        let of = |text| Written::read(text).unwrap().span(3);
        assert!(span(">=2.48.3, <2.48.6").contains(&of("v2.48.4")));
        let series = of("v2.48");
        assert!(series.overlaps(&span(">=2.48.3, <2.48.6")) && !span(">=2.48.3, <2.48.6").contains(&series));
        assert!(span(">=2.48.0, <2.49.0").contains(&series) && !series.overlaps(&span(">=2.49.0")));
        assert_eq!(of("v62.18.x"), Written::read("62.18").unwrap().span(3));
    }

    #[test]
    fn ranges_contain_and_overlap() {
        assert!(span("*").contains(&span(">1")) && !span(">1").contains(&span("*")));
        assert!(span(">=1, <3").contains(&span("2")) && !span(">=1, <3").overlaps(&span("3")));
        assert!(!span("<2").overlaps(&span(">=2")) && span("<=2").overlaps(&span(">=2")));
        assert!(!span("<=2").overlaps(&span(">2")) && span("<2").contains(&span("2.0.0-rc1")));
        assert!(span(">=12, <=16").contains(&Span::of_major(16)) && !span("<16").contains(&Span::of_major(16)));
        for wrong in ["", ">=", ">=x", "1.x", ">=3, <2", "<2, >=2", "~1.2", "=>1"] {
            assert!(Span::parse(wrong, false).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,30}|v?[0-9]{1,3}(\\.[0-9x]{1,3}){0,4}[-.+a-z0-9]{0,9}") {
            if let Some(written) = Written::read(&text) {
                let span = written.span(3);
                proptest::prop_assert!(span.contains(&span) && span.overlaps(&span));
                let _ = written.without_edition();
            }
            let _ = Span::parse(&text, true);
        }
    }
}
