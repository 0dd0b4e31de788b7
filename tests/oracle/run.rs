//! Plants every case on every major it was recorded on, and keeps what we say.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::{env, thread};

use pg_preflight::checks::{Registry, Severity};
use pg_preflight::facts::DatabaseFacts;
use pg_preflight::report::{CheckResult, Report, Status, Verdict};

use crate::case::Case;
use crate::record::{Explained, Pair, Verdicts};
use crate::stage::Stage;
use crate::world::judge;

/// Majors at a time: more servers than this only wait for each other.
const AT_A_TIME: usize = 2;

/// Databases of a server that cases are planted in at a time.
const PLOTS: usize = 12;

/// What a developer asks for instead of everything.
pub(crate) struct Selection {
    only: Option<String>,
    majors: Option<Vec<u64>>,
}

impl Selection {
    pub(crate) fn from_environment() -> Self {
        let majors = env::var("ORACLE_MAJORS").ok();
        let majors = majors.map(|list| list.split(',').map(|major| major.trim().parse().unwrap()).collect());
        Self { only: env::var("ORACLE_ONLY").ok(), majors }
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.only.is_none() && self.majors.is_none()
    }

    pub(crate) fn takes(&self, case: &str) -> bool {
        self.only.as_ref().is_none_or(|word| case.contains(word))
    }
}

/// What we say of a case.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) verdict: Verdict,
    /// The failing blockers and what they name.
    pub(crate) named: Vec<String>,
    /// What the remedies lead to, where they were tried.
    pub(crate) cured: Option<Cured>,
}

#[derive(Debug)]
pub(crate) enum Cured {
    Yes,
    /// Why not.
    No(String),
}

/// By case and pair.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) ours: BTreeMap<(String, Pair), Ours>,
    /// What could not be run at all.
    pub(crate) broken: Vec<String>,
}

/// Every selected case, [`AT_A_TIME`] majors at a time.
pub(crate) fn all(cases: &[Case], verdicts: &Verdicts, explained: &Explained, selection: &Selection) -> Seen {
    let mut majors: Vec<u64> = verdicts.pairs().iter().map(|pair| pair.source).collect();
    majors.dedup();
    majors.retain(|major| selection.majors.as_ref().is_none_or(|wanted| wanted.contains(major)));
    let (queue, seen) = (Mutex::new(majors), Mutex::new(Seen::default()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                loop {
                    let Some(major) = queue.lock().unwrap().pop() else { return };
                    let of_major = runtime.block_on(on_major(major, cases, verdicts, explained));
                    let mut seen = seen.lock().unwrap();
                    seen.ours.extend(of_major.ours);
                    seen.broken.extend(of_major.broken);
                }
            });
        }
    });
    seen.into_inner().unwrap()
}

async fn on_major(major: u64, cases: &[Case], verdicts: &Verdicts, explained: &Explained) -> Seen {
    let registry = Registry::built_in();
    let recorded = cases.iter().filter(|case| !verdicts.targets(&case.name, major).is_empty());
    let (apart, together): (Vec<&Case>, Vec<&Case>) = recorded.partition(|case| case.reaches_out());
    let mut judge = Judge { major, registry: &registry, verdicts, explained, seen: Seen::default() };
    let mut shared = Stage::of(major, &[]).await;
    for case in apart {
        if case.needs_its_own_server() {
            judge.apart(&Stage::of(major, &case.settings).await, case).await;
        } else {
            judge.apart(&shared, case).await;
            shared.clear(case).await;
        }
    }
    // Last, since every look enters every database.
    shared.lay_out(PLOTS.min(together.len())).await;
    for few in together.chunks(PLOTS) {
        judge.together(&shared, few).await;
    }
    judge.seen
}

struct Judge<'a> {
    major: u64,
    registry: &'a Registry,
    verdicts: &'a Verdicts,
    explained: &'a Explained,
    seen: Seen,
}

impl Judge<'_> {
    /// A case by itself, in the database `postgres` and wherever it goes from there.
    async fn apart(&mut self, stage: &Stage, case: &Case) {
        if let Err(reason) = self.try_apart(stage, case).await {
            self.broken(case, &reason);
        }
    }

    async fn try_apart(&mut self, stage: &Stage, case: &Case) -> Result<(), String> {
        stage.plant(case, "postgres").await?;
        let facts = match stage.look(self.registry).await {
            Ok(facts) => facts,
            Err(reason) => {
                self.unseen(case, &reason);
                return Ok(());
            }
        };
        if let Some(pair) = self.judged(case, &facts) {
            let refused = cure(stage, &facts, self.registry, pair).await;
            let after = stage.look(self.registry).await?;
            self.cured(case, pair, &after, refused);
        }
        Ok(())
    }

    /// Cases that stay in their database, each in one of its own, looked at together.
    async fn together(&mut self, stage: &Stage, cases: &[&Case]) {
        let mut planted = Vec::new();
        for (at, case) in cases.iter().enumerate() {
            let plot = format!("plot {at}");
            match stage.plant(case, &plot).await {
                Ok(()) => planted.push((*case, plot)),
                Err(reason) => self.broken(case, &reason),
            }
        }
        let facts = stage.look(self.registry).await.unwrap();
        let mut treated = Vec::new();
        for (case, plot) in &planted {
            let own = only(&facts, plot);
            if let Some(pair) = self.judged(case, &own) {
                treated.push((*case, plot, pair, cure(stage, &own, self.registry, pair).await));
            }
        }
        if !treated.is_empty() {
            let facts = stage.look(self.registry).await.unwrap();
            for (case, plot, pair, refused) in treated {
                self.cured(case, pair, &only(&facts, plot), refused);
            }
        }
        for (at, case) in cases.iter().enumerate() {
            stage.empty(&format!("plot {at}"), case).await;
        }
    }

    fn broken(&mut self, case: &Case, reason: &str) {
        self.seen.broken.push(format!("{} cannot be judged on {}: {reason}", case.name, self.major));
    }

    /// Nothing could be seen at all, of which nothing is concluded.
    fn unseen(&mut self, case: &Case, reason: &str) {
        for target in self.verdicts.targets(&case.name, self.major) {
            let ours = Ours { verdict: Verdict::Incomplete, named: vec![reason.to_owned()], cured: None };
            self.seen.ours.insert((case.name.clone(), Pair { source: self.major, target }), ours);
        }
    }

    /// Keeps our verdicts; the highest pair, when it is a NO-GO.
    fn judged(&mut self, case: &Case, facts: &DatabaseFacts) -> Option<Pair> {
        let targets = self.verdicts.targets(&case.name, self.major);
        for target in &targets {
            let pair = Pair { source: self.major, target: *target };
            self.seen.ours.insert((case.name.clone(), pair), ours(facts, self.registry, *target));
        }
        let highest = Pair { source: self.major, target: *targets.iter().max()? };
        let last = self.seen.ours.get(&(case.name.clone(), highest))?;
        (last.verdict == Verdict::NoGo).then_some(highest)
    }

    /// Keeps what the remedies led to. One may find that an earlier one has done its work.
    fn cured(&mut self, case: &Case, pair: Pair, facts: &DatabaseFacts, mut refused: Vec<String>) {
        if !self.explained.has_no_remedy(&case.name, pair) {
            refused.retain(|line| !is_done_already(line));
        }
        let after = ours(facts, self.registry, pair.target);
        let cured = match (after.verdict == Verdict::NoGo, refused.is_empty()) {
            (false, true) => Cured::Yes,
            (false, false) => Cured::No(format!("refused: {}", refused.join("; "))),
            (true, _) => Cured::No(format!("still {}; refused: {}", after.named.join(", "), refused.join("; "))),
        };
        if let Some(ours) = self.seen.ours.get_mut(&(case.name.clone(), pair)) {
            ours.cured = Some(cured);
        }
    }
}

/// What was seen of the server and of one database of it.
fn only(facts: &DatabaseFacts, database: &str) -> DatabaseFacts {
    let mut facts = facts.clone();
    facts.databases.retain(|entry| entry.name == database);
    facts.per_database.retain(|name, _| name == database);
    facts
}

fn ours(facts: &DatabaseFacts, registry: &Registry, target: u64) -> Ours {
    let report = judge(facts, registry, &target.to_string());
    let named = blockers(&report)
        .flat_map(|result| result.findings.iter().map(|finding| format!("{}: {}", result.id, finding.object)));
    Ours { verdict: report.verdict, named: named.collect(), cured: None }
}

fn blockers(report: &Report) -> impl Iterator<Item = &CheckResult> {
    report.with_status(Status::Fail).filter(|result| result.severity == Severity::Blocker)
}

/// Runs the commands of the failing blockers; those that the server refused, and why.
async fn cure(stage: &Stage, facts: &DatabaseFacts, registry: &Registry, pair: Pair) -> Vec<String> {
    let report = judge(facts, registry, &pair.target.to_string());
    let mut refused = Vec::new();
    for command in blockers(&report).flat_map(|result| &result.remedy.commands) {
        if let Err(reason) = stage.cure(command).await {
            refused.push(format!("{command} => {reason}"));
        }
    }
    refused
}

/// By the classes that say that a thing is not there (any more).
fn is_done_already(line: &str) -> bool {
    ["42704", "42P01", "42883", "42703", "3F000", "3D000"]
        .iter()
        .any(|code| line.ends_with(&format!("(SQLSTATE {code})")))
}
