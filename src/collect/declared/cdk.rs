//! What the programs of the CDK have in common, whatever their language.

/// The version that a constant of an engine's versions stands for: `VER_16_3` is `16.3`.
/// <https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-rds/lib/instance-engine.ts>
pub(super) fn version_of_constant(name: &str) -> Option<String> {
    let parts = name.strip_prefix("VER_")?.to_ascii_lowercase();
    let (numbers, rest) = match parts.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => (parts[..at].strip_suffix('_')?, Some(&parts[at..])),
        None => (parts.as_str(), None),
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !numbers.split('_').all(is_number) {
        return None;
    }
    let version = numbers.replace('_', ".");
    Some(match rest {
        Some(rest) => format!("{version}-{}", rest.replace('_', ".")),
        None => version,
    })
}

#[cfg(test)]
mod tests {
    use super::version_of_constant;

    #[test]
    fn constants_are_versions() {
        for (name, version) in [
            ("VER_16_3", Some("16.3")),
            ("VER_16", Some("16")),
            ("VER_9_6_24", Some("9.6.24")),
            ("VER_11_22_RDS_20240418", Some("11.22-rds.20240418")),
            ("VER_16_9_LIMITLESS", Some("16.9-limitless")),
            ("VER_", None),
            ("VER_16_", None),
            ("VER__16", None),
            ("VER_X", None),
            ("POSTGRES", None),
        ] {
            assert_eq!(version_of_constant(name).as_deref(), version, "{name}");
        }
    }
}
