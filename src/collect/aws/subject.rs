//! What the questions are about, and how an answer is told to be about it.

/// What a record is about, by its kind and its plain identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    Instance(&'a str),
    Cluster(&'a str),
}

impl Subject<'_> {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Instance(id) | Self::Cluster(id) => id,
        }
    }

    /// Whether an ARN is the subject's: `arn:aws:rds:eu-west-2:123456789012:db:app`.
    pub(super) fn owns(&self, arn: &str) -> bool {
        let kind = match self {
            Self::Instance(_) => "db",
            Self::Cluster(_) => "cluster",
        };
        let mut parts = arn.rsplit(':');
        parts.next().is_some_and(|id| id.eq_ignore_ascii_case(self.id())) && parts.next() == Some(kind)
    }
}

/// The identifier of an instance or cluster as RDS keeps it: in lower case, and without the ARN that it may be part of.
pub(super) fn plain(asked: &str) -> String {
    asked.trim().rsplit(':').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_in_lower_case() {
        assert_eq!(plain(" App1A2B "), "app1a2b");
        assert_eq!(plain("arn:aws:rds:eu-west-2:123456789012:db:app"), "app");
    }

    #[test]
    fn an_arn_belongs_to_one_subject() {
        let app = "arn:aws:rds:eu-west-2:123456789012:db:app";
        assert!(Subject::Instance("app").owns(app));
        assert!(!Subject::Cluster("app").owns(app));
        assert!(!Subject::Instance("pp").owns(app));
        assert!(!Subject::Instance("app").owns("arn:aws:rds:eu-west-2:123456789012:snapshot:app"));
        assert!(Subject::Cluster("main").owns("arn:aws-cn:rds:cn-north-1:123456789012:cluster:Main"));
        assert!(!Subject::Instance("").owns(""));
    }
}
