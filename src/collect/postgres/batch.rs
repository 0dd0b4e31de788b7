//! All queries of one connection, sent together, each with its own fate.

use std::time::Duration;

use futures_util::future::maybe_done;
use futures_util::poll;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;

use super::connect::{Session, reason};
use crate::facts::{QueryOutcome, QuerySet, Rows};

/// Rows read of one answer; one more is asked for, to see that there are more.
const ROW_CAP: usize = 1000;

/// How much longer than a statement may take we wait for its answer: the network takes its time too.
const GRACE: Duration = Duration::from_secs(2);

/// A role's own statement timeout rules until ours is set, and may be so short that it strikes before.
const TRIES: u32 = 3;

/// Ends what the query before has spoilt, in a failed transaction and in a good one. It precedes every query in the
/// same message: where there is no savepoint there is no READ ONLY transaction, and the query is then not run at all.
const GUARD: &str = "ROLLBACK TO SAVEPOINT preflight";

/// Asks all queries, in one READ ONLY transaction. `Err` when not even that could be opened.
///
/// The messages go out without waiting for answers. A savepoint keeps a query that fails from spoiling the rest.
pub(super) async fn ask(
    session: &Session,
    asked: Vec<(&str, String)>,
    statement_timeout: Duration,
) -> Result<QuerySet, String> {
    let opening = opening(statement_timeout, session.version.major());
    // A LIMIT over a plain subquery changes its plan, for the first rows and against all others. A WITH query that is
    // carried out for itself has its own plan; before 12 every one is.
    let apart = if session.version.major() < 12 { "" } else { "MATERIALIZED " };
    let queries = asked.iter().map(|(_, sql)| {
        format!("{GUARD}; WITH preflight AS {apart}(\n{sql}\n) SELECT * FROM preflight LIMIT {}", ROW_CAP + 1)
    });
    let statements: Vec<String> = opening.iter().cloned().chain(queries).chain(["ROLLBACK".to_owned()]).collect();
    let patience = statement_timeout.saturating_add(GRACE);
    let mut tried = 0;
    let mut answers = loop {
        tried += 1;
        let mut answers = send(session, &statements, patience).await.into_iter();
        match answers.by_ref().take(opening.len()).collect::<Result<Vec<_>, _>>() {
            Ok(_) => break answers,
            Err(failure) if failure.is_cancelled() && tried < TRIES => {}
            Err(failure) => return Err(failure.reason(session)),
        }
    };
    let outcomes = asked.iter().map(|(key, _)| {
        let outcome = match answers.next() {
            Some(Ok(messages)) => read(&messages),
            Some(Err(failure)) => QueryOutcome::Failed { reason: failure.reason(session) },
            None => QueryOutcome::Failed { reason: "the server did not answer".to_owned() },
        };
        ((*key).to_owned(), outcome)
    });
    Ok(outcomes.collect())
}

/// What makes answers the same everywhere: no user object can be picked up by name, and no setting of the role or the
/// database changes how a value reads. Compiling (`jit`) a catalog query costs more than running it. Our timeout comes
/// alone and as early as can be, since before PostgreSQL 13 the role's own is for a whole message.
fn opening(statement_timeout: Duration, major: u64) -> Vec<String> {
    // Milliseconds that fit a setting: at least 1, as 0 would mean none.
    let milliseconds = |time: Duration| time.as_millis().clamp(1, 2_147_483_647);
    let timeout = milliseconds(statement_timeout);
    // Shorter than the other, or a wait for a lock would never be called one.
    let lock_timeout = (timeout / 2).max(1);
    let idle_timeout = milliseconds(statement_timeout.saturating_add(GRACE));
    // A limit of the role's or the database's on whole transactions would end ours, and the session with it; it is there
    // since 17. Ours is bounded by the statements in it.
    let unlimited = (major >= 17).then(|| "SET transaction_timeout = 0".to_owned());
    let opening = [
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
        format!("SET LOCAL statement_timeout = {timeout}"),
        format!(
            "SET LOCAL lock_timeout = {lock_timeout};
             SET LOCAL idle_in_transaction_session_timeout = {idle_timeout};
             SET LOCAL search_path = pg_catalog;
             SET LOCAL TimeZone = 'UTC';
             SET LOCAL DateStyle = 'ISO, YMD';
             SET LOCAL IntervalStyle = 'postgres';
             SET LOCAL bytea_output = 'hex';
             SET LOCAL extra_float_digits = 1;
             SET LOCAL quote_all_identifiers = off;
             SET LOCAL standard_conforming_strings = on;
             SET LOCAL jit = off;
             SAVEPOINT preflight"
        ),
    ];
    unlimited.into_iter().chain(opening).collect()
}

/// Why a message has no answer.
enum Failure {
    Server(tokio_postgres::Error),
    Silence(Duration),
}

impl Failure {
    fn is_cancelled(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::QUERY_CANCELED))
    }

    fn reason(&self, session: &Session) -> String {
        match self {
            Self::Server(error) => reason(error, &session.user),
            Self::Silence(patience) => format!("the server gave no answer within {} s", patience.as_secs()),
        }
    }
}

/// Sends every statement before the first answer is awaited; answers come in order. After a silence there are no more.
async fn send(
    session: &Session,
    statements: &[String],
    patience: Duration,
) -> Vec<Result<Vec<SimpleQueryMessage>, Failure>> {
    let mut pending: Vec<_> =
        statements.iter().map(|sql| Box::pin(maybe_done(session.client.simple_query(sql)))).collect();
    for future in &mut pending {
        let _ = poll!(future.as_mut());
    }
    let mut answers = Vec::with_capacity(pending.len());
    for mut future in pending {
        if tokio::time::timeout(patience, future.as_mut()).await.is_err() {
            answers.push(Err(Failure::Silence(patience)));
            break;
        }
        let answer = future.as_mut().take_output().expect("it was awaited once");
        answers.push(answer.map_err(Failure::Server));
    }
    answers
}

fn read(messages: &[SimpleQueryMessage]) -> QueryOutcome {
    let mut answer = Rows { columns: Vec::new(), rows: Vec::new(), truncated: false };
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                answer.columns = columns.iter().map(|column| column.name().to_owned()).collect();
            }
            SimpleQueryMessage::Row(row) => {
                let cells: Result<Vec<_>, _> =
                    (0..row.len()).map(|at| row.try_get(at).map(|cell| cell.map(str::to_owned))).collect();
                if let Ok(cells) = cells {
                    answer.rows.push(cells);
                } else {
                    let reason = "the answer is not valid UTF-8 (a name in another encoding)".to_owned();
                    return QueryOutcome::Failed { reason };
                }
            }
            _ => {}
        }
    }
    if answer.rows.len() > ROW_CAP {
        answer.rows.truncate(ROW_CAP);
        answer.truncated = true;
    }
    QueryOutcome::Rows(answer)
}

/// Adds the rows of another answer to the same query that are not there yet.
pub(super) fn join(known: Option<&mut QueryOutcome>, more: QueryOutcome) {
    let (Some(QueryOutcome::Rows(known)), QueryOutcome::Rows(more)) = (known, more) else { return };
    if known.columns != more.columns {
        return;
    }
    known.truncated |= more.truncated;
    for row in more.rows {
        if !known.rows.contains(&row) {
            known.rows.push(row);
        }
    }
    if known.rows.len() > ROW_CAP {
        known.rows.truncate(ROW_CAP);
        known.truncated = true;
    }
}
