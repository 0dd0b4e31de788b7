//! Whose evidence this is.

use super::{Facts, Hit, Outcome};
use crate::facts::Gap;

/// The caller is who the user expects.
pub(super) fn caller_identity(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let aws = facts.bundle.aws.get()?;
    if let Some(difference) = facts.expectations.disappointment(aws) {
        if !facts.expectations.contradicted(aws) {
            return Err(Gap::Unavailable(difference));
        }
        let object = aws.caller.collected().map_or("caller", |caller| caller.arn.as_str());
        let hit = Hit::new(object, "AWS caller", &difference).with("region", &aws.region);
        return Ok(Outcome::hits(vec![hit]).summarised(difference));
    }
    if facts.expectations.account.is_none() || facts.expectations.identity.is_some() {
        aws.caller.get()?;
    }
    Ok(Outcome::pass())
}

/// The database and RDS speak of the same server.
pub(super) fn server_version(facts: &Facts<'_>) -> Result<Outcome, Gap> {
    let instance = facts.instance()?;
    let server = &facts.bundle.database.get()?.server;
    if instance.engine_version.community() == server.version.community() {
        return Ok(Outcome::pass());
    }
    let detail = format!(
        "RDS says {} runs {}, the database at {} says {}",
        instance.id, instance.engine_version, server.address, server.version
    );
    let hit = Hit::new(&server.address, "database server", &detail).with("id", &instance.id);
    Ok(Outcome::hits(vec![hit]).summarised(detail))
}
