//! All queries of one connection, sent together, each with its own fate.

use std::time::Duration;

use futures_util::future::maybe_done;
use futures_util::poll;
use tokio_postgres::SimpleQueryMessage;

use super::connect::{Session, reason};
use crate::facts::{QueryOutcome, QuerySet, Rows};

/// Rows read of one answer; one more is asked for, to see that there are more.
const ROW_CAP: usize = 1000;

/// Asks all queries, in one READ ONLY transaction. `Err` when not even that could be opened.
///
/// The messages go out without waiting for answers. A savepoint around each query keeps one that fails from spoiling
/// the rest; `ROLLBACK TO` works in a failed transaction and in a good one.
pub(super) async fn ask(
    session: &Session,
    asked: Vec<(&str, String)>,
    statement_timeout: Duration,
) -> Result<QuerySet, String> {
    let mut statements = vec![prelude(statement_timeout)];
    for (_, sql) in &asked {
        statements.push(format!("SELECT * FROM (\n{sql}\n) AS preflight LIMIT {}", ROW_CAP + 1));
        statements.push("ROLLBACK TO SAVEPOINT preflight".to_owned());
    }
    statements.push("ROLLBACK".to_owned());

    // Each query may take its timeout; what is slower than all of them together is a connection that hangs.
    let queries = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    let deadline = statement_timeout.saturating_mul(queries.saturating_add(1)).max(Duration::from_secs(1));
    let answers = tokio::time::timeout(deadline, send(session, &statements))
        .await
        .map_err(|_| format!("the server gave no answer within {} s", deadline.as_secs()))?;
    let mut answers = answers.into_iter();
    answers.next().expect("the prelude is always sent")?;
    let outcomes = asked.iter().map(|(key, _)| {
        let outcome = match answers.next() {
            Some(Ok(messages)) => read(&messages),
            Some(Err(reason)) => QueryOutcome::Failed { reason },
            None => QueryOutcome::Failed { reason: "the server did not answer".to_owned() },
        };
        answers.next();
        ((*key).to_owned(), outcome)
    });
    Ok(outcomes.collect())
}

/// What makes answers the same everywhere: no user object can be picked up by name, and no setting of the role or the
/// database changes how a value reads. Compiling (`jit`) a catalog query costs more than running it.
fn prelude(statement_timeout: Duration) -> String {
    let timeout = statement_timeout.as_millis().max(1);
    format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
         SET LOCAL statement_timeout = {timeout};
         SET LOCAL lock_timeout = {timeout};
         SET LOCAL search_path = pg_catalog;
         SET LOCAL TimeZone = 'UTC';
         SET LOCAL DateStyle = 'ISO, YMD';
         SET LOCAL quote_all_identifiers = off;
         SET LOCAL standard_conforming_strings = on;
         SET LOCAL jit = off;
         SAVEPOINT preflight"
    )
}

/// Sends every statement before the first answer is awaited; answers come in order.
async fn send(session: &Session, statements: &[String]) -> Vec<Result<Vec<SimpleQueryMessage>, String>> {
    let mut pending: Vec<_> =
        statements.iter().map(|sql| Box::pin(maybe_done(session.client.simple_query(sql)))).collect();
    for future in &mut pending {
        let _ = poll!(future.as_mut());
    }
    let mut answers = Vec::with_capacity(pending.len());
    for mut future in pending {
        future.as_mut().await;
        let answer = future.as_mut().take_output().expect("it was awaited once");
        answers.push(answer.map_err(|error| reason(&error, &session.settings_hint)));
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
