//! Files of Go, parsed, and where the packages of a module are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tree_sitter::{Node, Parser};

use crate::collect::declared::value::{Lines, Place};
use crate::collect::declared::walk::Tree;
use crate::collect::declared::{Error, guard};

/// The parser keeps its own stack; this is for the little that it does on ours.
const STACK: usize = 8 * 1024 * 1024;

/// Deeper brackets are an attack: what they make of the parser's time is not linear.
const MAX_BRACKETS: usize = 256;

/// A file that parses, maybe with errors in places.
pub(super) struct File {
    pub path: PathBuf,
    pub shown: Arc<str>,
    pub text: String,
    pub lines: Lines,
    pub tree: tree_sitter::Tree,
}

/// A folder's files.
#[derive(Default)]
pub(super) struct Package {
    pub files: Vec<File>,
    /// Files that were not parsed, with the reason; only those that may declare something.
    pub unread: Vec<(PathBuf, Arc<str>, String)>,
}

impl File {
    /// # Errors
    /// Why the text is not parsed.
    fn parse(path: &Path, shown: Arc<str>, text: String) -> Result<Self, String> {
        if guard::bracket_depth(&text) > MAX_BRACKETS {
            return Err(guard::Trouble::TooDeep.to_string());
        }
        let for_parser = text.clone();
        let parsed = guard::run(STACK, move || {
            let mut parser = Parser::new();
            parser.set_language(&tree_sitter_go::LANGUAGE.into()).ok()?;
            parser.parse(&for_parser, None)
        });
        let tree = parsed.map_err(|trouble| trouble.to_string())?.ok_or_else(|| guard::Trouble::GaveUp.to_string())?;
        Ok(Self { path: path.to_owned(), shown, lines: Lines::of(&text), text, tree })
    }

    pub(super) fn place(&self, node: Node<'_>) -> Place {
        Place { file: self.shown.clone(), line: self.lines.line(node.start_byte()) }
    }

    pub(super) fn code(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }
}

/// Whether a text imports the package of RDS: `"…/aws/rds"`, or under a version of its own.
pub(super) fn may_declare(text: &str) -> bool {
    text.contains("/rds\"") && text.contains("pulumi")
}

impl Package {
    /// The package in a folder: tests and files that no build takes are no part of it.
    /// <https://pkg.go.dev/cmd/go#hdr-Test_packages>
    pub(super) fn read(tree: &Tree, folder: &Path) -> Result<Self, Error> {
        let mut package = Self::default();
        for path in tree.entries(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_go = path.extension().is_some_and(|extension| extension == "go");
            if !is_go || name.ends_with("_test.go") || name.starts_with(['.', '_']) || !tree.store.is_file(&path) {
                continue;
            }
            let text = match tree.text(&path) {
                Ok(text) => text,
                // Generated; the walk leaves it out as well.
                Err(Error::TooLarge { .. }) if tree.single.as_ref() != Some(&path) => continue,
                // Said already.
                Err(Error::Unreadable { .. }) if tree.single.is_none() => continue,
                Err(error) => return Err(error),
            };
            if is_ignored(&text) {
                continue;
            }
            let shown = tree.shown(&path);
            let declares = may_declare(&text);
            match File::parse(&path, shown.clone(), text) {
                Ok(file) => package.files.push(file),
                Err(reason) if declares => package.unread.push((path, shown, reason)),
                Err(_) => {}
            }
        }
        Ok(package)
    }
}

/// Whether a build constraint before the package keeps it out of every build.
/// <https://pkg.go.dev/cmd/go#hdr-Build_constraints>
fn is_ignored(text: &str) -> bool {
    let head = text.lines().take_while(|line| !line.starts_with("package "));
    head.into_iter().any(|line| ["//go:build ignore", "// +build ignore"].contains(&line.trim_end()))
}

/// The folder that an import path names, when it is of the same module.
/// <https://go.dev/ref/mod#modules-overview>
pub(super) fn imported(
    tree: &Tree,
    modules: &mut BTreeMap<PathBuf, Option<(String, PathBuf)>>,
    from: &Path,
    path: &str,
) -> Option<PathBuf> {
    let (module, root) = modules.entry(from.to_owned()).or_insert_with(|| module(tree, from)).clone()?;
    let rest = path.strip_prefix(&module)?;
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
    let folder = root.join(rest);
    tree.store.is_folder(&folder).then_some(folder)
}

/// The name and the folder of the module that a folder is in.
fn module(tree: &Tree, folder: &Path) -> Option<(String, PathBuf)> {
    folder.ancestors().find_map(|root| {
        let file = root.join("go.mod");
        if !tree.store.is_file(&file) {
            return None;
        }
        let text = tree.text(&file).ok()?;
        let name = text.lines().find_map(|line| line.trim().strip_prefix("module "))?;
        let name = name.split("//").next().unwrap_or_default().trim().trim_matches('"');
        Some((name.to_owned(), root.to_owned()))
    })
}

/// A step of a walk: into a node, or out of it.
pub(super) enum Step<'a> {
    /// Of its field, only those that are branches matter.
    Enter(Node<'a>, Option<Branch>),
    Leave(Node<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Branch {
    Then,
    Else,
}

/// All nodes below one, and itself; no nesting can overflow the stack. The answer says whether to go deeper.
pub(super) fn walk<'a>(node: Node<'a>, mut visit: impl FnMut(Step<'a>) -> bool) {
    let mut cursor = node.walk();
    loop {
        let branch = match cursor.field_name() {
            Some("consequence") => Some(Branch::Then),
            Some("alternative") => Some(Branch::Else),
            _ => None,
        };
        if visit(Step::Enter(cursor.node(), branch)) && cursor.goto_first_child() {
            continue;
        }
        loop {
            visit(Step::Leave(cursor.node()));
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// The first place where a part does not parse. The grammar misses a line end before a closing bracket, which Go does
/// not. <https://go.dev/ref/spec#Semicolons>
pub(super) fn error_in(node: Node<'_>) -> Option<Node<'_>> {
    let mut first = None;
    walk(node, |step| {
        let Step::Enter(node, _) = step else { return false };
        let is_line_end = node.is_missing() && node.kind().starts_with("source_file_token");
        if first.is_none() && (node.is_error() || node.is_missing()) && !is_line_end {
            first = Some(node);
        }
        first.is_none() && node.has_error()
    });
    first
}

/// What a file imports: the local name, if one is given, and the path.
pub(super) fn imports(file: &File) -> Vec<(Option<&str>, &str)> {
    let mut found = Vec::new();
    for declaration in children(file.tree.root_node()).into_iter().filter(|top| top.kind() == "import_declaration") {
        let lists = children(declaration);
        let inner = lists.iter().filter(|list| list.kind() == "import_spec_list").flat_map(|list| children(*list));
        for spec in inner.chain(lists.iter().copied()).filter(|spec| spec.kind() == "import_spec") {
            let part = |name: &str| spec.child_by_field_name(name).map(|part| file.code(part));
            found.extend(part("path").map(|path| (part("name"), path.trim_matches(['"', '`']))));
        }
    }
    found
}

/// The children that are no tokens and no comments.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect()
}

/// The first such child.
pub(super) fn child(node: Node<'_>) -> Option<Node<'_>> {
    children(node).into_iter().next()
}
