//! The evidence as a rule sees it: what is missing or not to be believed comes back as a [`Gap`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Open;
use crate::checks::{Check, Query, Scope};
use crate::facts::change::Change;
use crate::facts::rds::{DbCluster, DbInstance};
use crate::facts::{AwsFacts, Bundle, DatabaseFacts, Declaration, Gap, QueryOutcome, QuerySet, Rows, Source};
use crate::upgrade::Upgrade;

/// Whose evidence is believed.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    pub account: Option<String>,
    /// A glob over the caller's ARN.
    pub identity: Option<String>,
}

impl Expectations {
    /// How the caller differs from what was expected.
    #[must_use]
    pub fn disappointment(&self, aws: &AwsFacts) -> Option<String> {
        let caller = aws.caller.collected();
        match (&self.account, account(aws)) {
            (Some(expected), Some(seen)) if expected != seen => {
                return Some(format!("the evidence is from AWS account {seen}, not from {expected} as expected"));
            }
            (Some(expected), None) => {
                return Some(format!("nobody could tell whether this is AWS account {expected}{}", why_unseen(aws)));
            }
            _ => {}
        }
        let expected = self.identity.as_deref()?;
        match caller {
            Some(caller) if wildmatch::WildMatch::new(expected).matches(&caller.arn) => None,
            Some(caller) => Some(format!("AWS was asked as {}, not as {expected} as expected", caller.arn)),
            None => Some(format!("nobody could tell whether AWS was asked as {expected}{}", why_unseen(aws))),
        }
    }

    /// Whether an expectation is disappointed by what was seen, and not for want of seeing.
    #[must_use]
    pub fn contradicted(&self, aws: &AwsFacts) -> bool {
        let other_account = self.account.as_deref().zip(account(aws)).is_some_and(|(expected, seen)| expected != seen);
        other_account || (aws.caller.collected().is_some() && self.disappointment(aws).is_some())
    }
}

/// The account that the evidence is from; the instance's own name tells it too.
fn account(aws: &AwsFacts) -> Option<&str> {
    let caller = aws.caller.collected().map(|caller| caller.account.as_str());
    caller.or_else(|| account_of(aws.instance.collected().map_or("", |instance| &instance.arn)))
}

/// In the words of the server.
fn why_unseen(aws: &AwsFacts) -> String {
    match &aws.caller {
        Source::Unavailable { reason } => format!(": {reason}"),
        _ => String::new(),
    }
}

fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// All that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub bundle: &'a Bundle,
    pub upgrade: &'a Upgrade,
    pub expectations: &'a Expectations,
    /// The check that is judged.
    pub check: &'a Check,
    /// Of a pull request.
    pub change: Option<&'a Change>,
}

/// The rows that a query answered, in all its databases.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Database (of an each-database query) and row; NULL is an empty text.
    pub rows: Vec<(Option<String>, BTreeMap<String, String>)>,
    pub open: Vec<Open>,
}

impl<'a> Facts<'a> {
    /// The moment the evidence is from.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.bundle.collected_at
    }

    /// What AWS said, when it is to be believed.
    ///
    /// # Errors
    /// The gap.
    pub fn aws(&self) -> Result<&'a AwsFacts, Gap> {
        let aws = self.bundle.aws.get()?;
        match self.expectations.disappointment(aws) {
            Some(reason) => Err(Gap::Unavailable(reason)),
            None => Ok(aws),
        }
    }

    /// The instance; of a cluster its writer.
    ///
    /// # Errors
    /// The gap.
    pub fn instance(&self) -> Result<&'a DbInstance, Gap> {
        self.aws()?.instance.get()
    }

    /// The cluster, if the instance belongs to one.
    ///
    /// # Errors
    /// The gap.
    pub fn cluster(&self) -> Result<Option<&'a DbCluster>, Gap> {
        Ok(self.aws()?.cluster.get()?.as_ref())
    }

    /// What the database said, when it is the server that AWS spoke of.
    ///
    /// # Errors
    /// The gap.
    pub fn database(&self) -> Result<&'a DatabaseFacts, Gap> {
        let database = self.bundle.database.get()?;
        if let Ok(instance) = self.instance()
            && instance.engine_version.major() != database.server.version.major()
        {
            return Err(Gap::Unavailable(format!(
                "the database at {} runs {}, RDS says that {} runs {}: this is another server",
                database.server.address, database.server.version, instance.id, instance.engine_version
            )));
        }
        Ok(database)
    }

    /// Whether the whole cluster is judged, not an instance.
    #[must_use]
    pub fn asks_for_cluster(&self) -> bool {
        self.bundle.asked.cluster.is_some()
    }

    /// What the infrastructure code declares.
    ///
    /// # Errors
    /// The gap.
    pub fn declared(&self) -> Result<&'a [Declaration], Gap> {
        self.bundle.declared.get().map(Vec::as_slice)
    }

    /// The answers to the query of the check that is judged.
    ///
    /// # Errors
    /// The gap.
    pub fn answers(&self) -> Result<Answers, Gap> {
        let database = self.database()?;
        let query = self.check.query.as_ref().expect("validated: the rule has a query");
        let mut answers = Answers::default();
        match query.scope {
            Scope::Cluster => match outcome(&database.cluster, query) {
                Ok(rows) => answers.take(None, rows),
                Err(reason) => return Err(Gap::Unavailable(reason)),
            },
            Scope::EachDatabase => {
                for entry in database.databases.iter().filter(|entry| !entry.is_closed()) {
                    let seen = match database.per_database.get(&entry.name) {
                        Some(Source::Collected(set)) => outcome(set, query),
                        Some(Source::Unavailable { reason }) => Err(reason.clone()),
                        _ => Err("it was not entered".to_owned()),
                    };
                    match seen {
                        Ok(rows) => answers.take(Some(&entry.name), rows),
                        Err(reason) => answers.open.push(Open { part: entry.name.clone(), reason }),
                    }
                }
            }
        }
        Ok(answers)
    }
}

fn outcome<'a>(set: &'a QuerySet, query: &Query) -> Result<&'a Rows, String> {
    match set.get(&query.key) {
        Some(QueryOutcome::Rows(rows)) if query.columns.iter().all(|column| rows.columns.contains(column)) => Ok(rows),
        Some(QueryOutcome::Rows(_)) => Err("the evidence was collected by another form of this check".to_owned()),
        Some(QueryOutcome::Failed { reason }) => Err(reason.clone()),
        None => Err("the evidence was collected without this check".to_owned()),
    }
}

impl Answers {
    fn take(&mut self, database: Option<&str>, rows: &Rows) {
        for row in &rows.rows {
            let cells = rows.columns.iter().cloned().zip(row.iter().map(|cell| cell.clone().unwrap_or_default()));
            self.rows.push((database.map(str::to_owned), cells.collect()));
        }
        if rows.truncated {
            let part = database.unwrap_or("the server").to_owned();
            self.open.push(Open { part, reason: format!("only the first {} rows were read", rows.rows.len()) });
        }
    }
}
