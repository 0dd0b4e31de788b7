//! All pages of an operation, or none.
//!
//! The SDK's own paginators end quietly when a marker comes twice, which would pass off a part as the whole.

use std::collections::HashSet;
use std::error::Error as StdError;

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};

use super::error::Refusal;

/// More than any account has; an endpoint that never ends is not believed.
const MAX_PAGES: usize = 2000;

/// Asks with each marker in turn until there is none. `take` gives the records of a page and the next marker.
pub(super) async fn all<O, T, E, F>(
    mut ask: impl FnMut(Option<String>) -> F,
    take: impl Fn(O) -> (Option<Vec<T>>, Option<String>),
) -> Result<Vec<T>, Refusal>
where
    F: Future<Output = Result<O, SdkError<E>>>,
    E: ProvideErrorMetadata + StdError + 'static,
{
    let mut records = Vec::new();
    let mut seen = HashSet::new();
    let mut marker = None;
    loop {
        let (page, next) = take(Box::pin(ask(marker)).await?);
        records.extend(page.unwrap_or_default());
        match next.filter(|next| !next.is_empty()) {
            None => return Ok(records),
            Some(next) if !seen.insert(next.clone()) => {
                return Err(Refusal::new(&format!("the list has no end: marker '{next}' came twice")));
            }
            Some(_) if seen.len() >= MAX_PAGES => {
                return Err(Refusal::new(&format!("the list has no end: {MAX_PAGES} pages were read")));
            }
            next => marker = next,
        }
    }
}
