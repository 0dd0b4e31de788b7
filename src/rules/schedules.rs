//! What runs by the clock while the instance is down.

use jiff::civil::{DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::cron::{Cron, WEEKDAYS};
use super::{Answers, Facts, Hit, Open, Outcome, lacks_column};
use crate::facts::Gap;

/// A quarter of a year: who upgrades later looks again.
const WINDOWS: i64 = 13;

/// Nothing runs in the maintenance window.
pub(super) fn in_window(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let cluster = facts.cluster()?.and_then(|cluster| cluster.preferred_maintenance_window.as_deref());
    let Some(written) = cluster.or(instance.preferred_maintenance_window.as_deref()) else {
        return Err(Gap::Unavailable("RDS names no maintenance window".to_owned()));
    };
    let Some(window) = Window::parse(written) else {
        return Err(Gap::Unavailable(format!("{written} is no maintenance window that we can read")));
    };
    let (mut hits, mut open) = (Vec::new(), Vec::new());
    let judge = |name: &str, kind: &str, cron: &str, timezone: Option<&str>| {
        let said = window.meets(cron, timezone, facts.now());
        said.map(|said| said.map(|said| Hit::new(name, kind, format!("{cron}: {said}"))))
            .map_err(|reason| Open { part: name.to_owned(), reason })
    };
    let of_code = facts.bundle.repository.get();
    for one in of_code.iter().flat_map(|repository| &repository.schedules) {
        match judge(&one.name, "schedule", &one.cron, one.timezone.as_deref()) {
            Ok(hit) => hits.extend(hit.map(|hit| hit.at(&one.file, one.line))),
            Err(gap) => open.push(gap),
        }
    }
    match (facts.answers(), &of_code) {
        (Ok(Answers { rows, open: unseen }), _) => {
            open.extend(unseen);
            for (database, row) in rows {
                let cell = |column: &str| row.get(column).map(String::as_str).ok_or_else(lacks_column);
                let (kind, name, schedule) = (cell("kind")?, cell("name")?, cell("schedule")?);
                if kind == "unread" {
                    let part = format!("{name} in {}", database.as_deref().unwrap_or("the database"));
                    open.push(Open { part, reason: schedule.to_owned() });
                    continue;
                }
                match judge(name, kind, schedule, Some(cell("timezone")?)) {
                    Ok(hit) => hits.extend(hit.map(|hit| hit.in_database(database.clone()))),
                    Err(gap) => open.push(gap),
                }
            }
        }
        (Err(gap), Err(_)) => return Err(gap),
        (Err(Gap::Unavailable(reason)), Ok(_)) => open.push(Open { part: "the database".to_owned(), reason }),
        (Err(_), Ok(_)) => {}
    }
    let of_window = hits.into_iter().map(|hit| hit.with("window", written));
    Ok(Outcome::hits(of_window.collect()).leaving_open(open))
}

/// Once a week, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    /// 0 is Sunday.
    weekday: i64,
    start: Time,
    minutes: i64,
}

const WEEK: i64 = 7 * 24 * 60;

impl Window {
    /// `sun:02:00-sun:02:30`
    fn parse(text: &str) -> Option<Self> {
        let moment = |text: &str| {
            let (day, time) = text.trim().split_once(':')?;
            let day = WEEKDAYS.iter().position(|name| day.eq_ignore_ascii_case(name))?;
            let (hour, minute) = time.split_once(':')?;
            let time = Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
            Some((i64::try_from(day).ok()?, time))
        };
        let (from, to) = text.split_once('-')?;
        let ((weekday, start), (last, end)) = (moment(from)?, moment(to)?);
        let of_week = |day: i64, time: Time| day * 24 * 60 + i64::from(time.hour()) * 60 + i64::from(time.minute());
        let minutes = (of_week(last, end) - of_week(weekday, start)).rem_euclid(WEEK);
        (minutes > 0).then_some(Self { weekday, start, minutes })
    }

    /// The next beginnings after a moment, the one that is under way too.
    fn beginnings(self, now: Timestamp) -> impl Iterator<Item = DateTime> {
        let now = now.to_zoned(TimeZone::UTC).datetime();
        let back = (i64::from(now.weekday().to_sunday_zero_offset()) - self.weekday).rem_euclid(7);
        let first = now.date().checked_sub(back.days()).map(|date| date.to_datetime(self.start));
        let nth = move |week: i64| first.as_ref().ok()?.checked_add((week * 7).days()).ok();
        let is_to_come = move |start: &DateTime| start.checked_add(self.minutes.minutes()).is_ok_and(|end| end > now);
        (0..=WINDOWS).filter_map(nth).filter(is_to_come)
    }

    /// When something next runs in it, in words.
    fn meets(self, cron: &str, timezone: Option<&str>, now: Timestamp) -> Result<Option<String>, String> {
        let Some(parsed) = Cron::parse(cron) else { return Err(format!("{cron} is no expression that we can read")) };
        if let Cron::Every(seconds) = parsed {
            let length = u64::try_from(self.minutes).unwrap_or_default() * 60;
            let says = if seconds <= length {
                "in every maintenance window"
            } else {
                "may run in a maintenance window, its hour is not written anywhere"
            };
            return Ok(Some(says.to_owned()));
        }
        let zone = match timezone {
            None | Some("" | "UTC" | "GMT" | "Etc/UTC") => TimeZone::UTC,
            // Not those of this machine, which may have others than the next.
            Some(name) => TimeZoneDatabase::bundled().get(name).map_err(|_| format!("{name} is no time zone"))?,
        };
        for start in self.beginnings(now) {
            let Ok(start) = start.to_zoned(TimeZone::UTC) else { continue };
            let runs = (0..self.minutes).find_map(|minute| {
                let at = start.timestamp().checked_add(SignedDuration::from_mins(minute)).ok()?;
                parsed.runs_at(at.to_zoned(zone.clone()).datetime()).then_some(at)
            });
            if let Some(at) = runs {
                return Ok(Some(format!("in the maintenance window at {}", at.strftime("%Y-%m-%d %H:%M UTC"))));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(window: &str, cron: &str, timezone: Option<&str>) -> Option<String> {
        let now = "2026-11-22T22:45:00Z".parse().unwrap();
        Window::parse(window).unwrap().meets(cron, timezone, now).unwrap()
    }

    #[test]
    fn windows_are_weekly() {
        assert_eq!(Window::parse("sun:23:30-mon:00:30").map(|window| window.minutes), Some(60));
        assert_eq!(Window::parse("sat:23:30-sun:00:30").map(|window| window.minutes), Some(60));
        for text in ["", "sun:02:00", "sun:02:00-sun:02:00", "so:02:00-so:03:00", "sun:25:00-sun:26:00", "sun:2-sun:3"]
        {
            assert_eq!(Window::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_runs_in_a_window_says_when() {
        let at = |text: &str| Some(format!("in the maintenance window at {text} UTC"));
        assert_eq!(meets("mon:00:00-mon:03:00", "30 2 * * *", None), at("2026-11-23 02:30"));
        assert_eq!(meets("mon:00:00-mon:03:00", "0 3 * * *", None), None);
        assert_eq!(meets("mon:00:00-mon:03:00", "0 2 * * 0", None), None);
        assert_eq!(meets("sun:23:30-mon:00:30", "0 0 * * 1", None), at("2026-11-23 00:00"));
        // The one that is under way.
        assert_eq!(meets("sun:22:30-sun:23:30", "0 23 * * *", None), at("2026-11-22 23:00"));
        assert_eq!(meets("mon:02:00-mon:02:30", "0 2 1 * *", None), at("2027-02-01 02:00"));
        // An hour ahead of UTC in winter.
        assert_eq!(meets("mon:02:00-mon:02:30", "0 3 * * *", Some("Europe/Berlin")), at("2026-11-23 02:00"));
        assert!(meets("mon:02:00-mon:02:30", "rate(5 minutes)", None).is_some());
        let window = Window::parse("mon:02:00-mon:02:30").unwrap();
        let now = "2026-11-22T22:45:00Z".parse().unwrap();
        assert!(window.meets("0 2 L * *", None, now).is_err());
        assert!(window.meets("0 2 * * *", Some("Mars/Olympus"), now).is_err());
    }
}
