//! What the targets share.

use std::path::Path;

use pg_preflight::collect::declared;
use pg_preflight::collect::files::Files;

/// Reads one file of infrastructure code; whatever its bytes, there is an answer, and every entry has a version or a
/// reason.
pub fn read(name: &str, bytes: &[u8]) {
    let files = Files::memory("/code", [(name, bytes.to_vec())]);
    for stack in [None, Some("prod")] {
        let Ok(code) = declared::read(&files, Path::new("/code"), stack) else { continue };
        for declaration in &code.declarations {
            assert_ne!(declaration.version.is_some(), declaration.reason.is_some(), "{declaration:?}");
            assert!(declaration.line > 0 && !declaration.file.is_empty());
        }
    }
}
