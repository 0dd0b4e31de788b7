//! Expressions of cron: the five fields that Vixie's cron, GitHub, Kubernetes and `pg_cron` agree upon.
//! <https://man7.org/linux/man-pages/man5/crontab.5.html>, <https://github.com/citusdata/pg_cron>

use jiff::civil::DateTime;

/// When something runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cron {
    Fields {
        minutes: u64,
        hours: u64,
        days: u64,
        months: u64,
        weekdays: u64,
        either_day: bool,
    },
    /// Every so many seconds, from a moment that nobody knows.
    Every(u64),
}

/// Names that stand for fields. `@reboot` is no time.
const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
pub(super) const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Cron {
    /// `None` of what is no expression that we know.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        if let Some(seconds) = interval(&text) {
            return Some(Self::Every(seconds));
        }
        let text = NAMED.iter().find(|(name, _)| *name == text).map_or(text.as_str(), |(_, fields)| fields);
        let [minute, hour, day, month, weekday] = text.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        let weekdays = field(weekday, 0, 7, &WEEKDAYS, 0)?;
        // A star in either day means that both must fit, or else one is enough.
        let either_day = !day.starts_with('*') && !weekday.starts_with('*');
        Some(Self::Fields {
            minutes: field(minute, 0, 59, &[], 0)?,
            hours: field(hour, 0, 23, &[], 0)?,
            days: field(day, 1, 31, &[], 0)?,
            months: field(month, 1, 12, &MONTHS, 1)?,
            // 7 is Sunday too.
            weekdays: weekdays | (weekdays >> 7),
            either_day,
        })
    }

    /// Whether it runs in a minute, given in its own time zone.
    pub(super) fn runs_at(&self, at: DateTime) -> bool {
        let Self::Fields { minutes, hours, days, months, weekdays, either_day } = self else { return false };
        let has = |set: u64, value: i8| u32::try_from(value).is_ok_and(|value| set & (1 << value) != 0);
        let weekday = at.weekday().to_sunday_zero_offset();
        let (day, weekday) = (has(*days, at.day()), has(*weekdays, weekday));
        let fits = if *either_day { day || weekday } else { day && weekday };
        has(*minutes, at.minute()) && has(*hours, at.hour()) && has(*months, at.month()) && fits
    }
}

/// `30 seconds` of `pg_cron`, `rate(1 day)` of AWS.
fn interval(text: &str) -> Option<u64> {
    let inner = text.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let (number, unit) = inner.trim().split_once(' ')?;
    let unit = match unit.trim().trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok().filter(|number| *number > 0)?.checked_mul(unit)
}

/// A set of values as bits.
fn field(text: &str, least: u32, most: u32, names: &[&str], first: u32) -> Option<u64> {
    let value = |text: &str| {
        let named = names.iter().position(|name| *name == text).and_then(|at| u32::try_from(at).ok());
        let value = named.map(|at| at + first).or_else(|| text.parse().ok())?;
        (least..=most).contains(&value).then_some(value)
    };
    text.split(',').try_fold(0, |set, part| {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (value(from)?, value(to)?),
            // `5/15` begins at 5 and goes on to the end.
            None => (value(range)?, if step.is_some() { most } else { value(range)? }),
        };
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        (from <= to).then(|| (from..=to).step_by(step).fold(set, |set, value| set | (1 << value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(cron: &str, at: &str) -> bool {
        Cron::parse(cron).unwrap_or_else(|| panic!("{cron}")).runs_at(at.parse().unwrap())
    }

    #[test]
    fn expressions_fit_minutes() {
        // 2026-11-29 is a Sunday.
        for (cron, at, expected) in [
            ("0 2 * * *", "2026-11-29T02:00", true),
            ("0 2 * * *", "2026-11-29T02:01", false),
            ("*/15 2-4 * * sun", "2026-11-29T03:45", true),
            ("*/15 2-4 * * 7", "2026-11-29T03:45", true),
            ("*/15 2-4 * * 1-5", "2026-11-29T03:45", false),
            ("5/20 * * * *", "2026-11-29T03:45", true),
            ("0 2 29 * 1", "2026-11-29T02:00", true),
            ("0 2 28 * 0", "2026-11-29T02:00", true),
            ("0 2 28 * *", "2026-11-29T02:00", false),
            ("0 2 * NOV *", "2026-11-29T02:00", true),
            ("0 2 * jan-mar,dec *", "2026-11-29T02:00", false),
            ("@weekly", "2026-11-29T00:00", true),
            ("30 seconds", "2026-11-29T00:00", false),
        ] {
            assert_eq!(runs(cron, at), expected, "{cron} {at}");
        }
        assert_eq!(Cron::parse("30 seconds"), Some(Cron::Every(30)));
        assert_eq!(Cron::parse("rate(2 hours)"), Some(Cron::Every(7200)));
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "* * 0 * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "@reboot",
            "0 2 L * *",
            "a b c d e",
            "-1 * * * *",
            "* * * * 8",
            "rate(0 days)",
            "0 0 2 * * *",
            "0 2 * * 6L",
            "99999999999999999999 days",
        ] {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
    }
}
