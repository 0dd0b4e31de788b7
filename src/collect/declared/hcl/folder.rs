//! A Terraform or OpenTofu module as it is written: all files of one folder, overrides merged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use super::translate;
use crate::collect::declared::value::{Lines, Place};
use crate::collect::declared::walk::Tree;
use crate::collect::declared::{Error, Language, guard, json};
use crate::collect::files::Files;

/// The parser itself stops at 64 levels; this is ample for them.
const STACK: usize = 32 * 1024 * 1024;

/// What a file that does not parse is missed for.
const MENTIONS: [&str; 5] =
    ["aws_db_instance", "aws_rds_cluster", "awscc_rds_db", "terraform-aws-modules/rds", "postgres"];

/// A file that parses.
#[derive(Debug)]
pub(super) struct Source {
    pub path: PathBuf,
    pub file: Arc<str>,
    text: String,
    lines: Lines,
    /// Of a file in JSON: its line for each line of the text.
    origins: Option<Vec<u32>>,
    body: Body,
}

/// A file that does not.
#[derive(Debug)]
pub(super) struct Broken {
    pub path: PathBuf,
    pub file: Arc<str>,
    pub line: u32,
    pub reason: String,
    /// Whether it speaks of an RDS database.
    pub mentions: bool,
}

#[derive(Debug)]
pub(super) struct Folder {
    pub store: Files,
    pub path: PathBuf,
    pub sources: Vec<Source>,
    pub broken: Vec<Broken>,
    /// `terragrunt.hcl`, which says what module is deployed from here, and with what.
    pub terragrunt: Option<Source>,
}

/// A block of the module: `resource "aws_db_instance" "main"`.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub block: &'a str,
    pub labels: Vec<&'a str>,
    pub source: &'a Source,
    pub at: Place,
    pub attributes: BTreeMap<&'a str, Written<'a>>,
    /// Blocks within it, and the files that they stand in; of overrides as well.
    pub blocks: Vec<(&'a Source, &'a Block)>,
}

impl<'a> Item<'a> {
    /// The blocks of a name within it.
    pub(super) fn inner(&self, name: &str) -> impl DoubleEndedIterator<Item = (&'a Source, &'a Block)> {
        self.blocks.iter().copied().filter(move |(_, block)| block.ident.as_str() == name)
    }
}

/// An expression and the file it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub source: &'a Source,
    pub expression: &'a Expression,
}

/// All blocks of a module by address (`var.x`, `module.db`, `aws_db_instance.main`), and its local values.
#[derive(Debug, Default)]
pub(super) struct Items<'a> {
    pub by_address: BTreeMap<String, Item<'a>>,
    pub locals: BTreeMap<&'a str, Written<'a>>,
}

impl Source {
    /// # Errors
    /// The file, when it does not parse.
    pub(super) fn read(tree: &Tree, path: &Path) -> Result<Result<Self, Broken>, Error> {
        let text = tree.text(path)?;
        let (file, path) = (tree.shown(path), path.to_owned());
        let mentions = MENTIONS.iter().any(|name| text.contains(name));
        let broken = |line: u32, reason: String| {
            let reason = format!("file does not parse: {reason}, line {line}");
            Ok(Err(Broken { path: path.clone(), file: file.clone(), line, reason, mentions }))
        };
        let document = if path.extension().is_some_and(|extension| extension == "json") {
            match json::read(&file, &text) {
                Ok(document) => Some(document),
                Err(error) => return broken(error.line, error.message),
            }
        } else {
            None
        };
        let parsed = guard::run(STACK, move || {
            let (text, origins) = match document {
                Some(document) => {
                    let (text, origins) = translate::native(&document);
                    (text, Some(origins))
                }
                None => (text, None),
            };
            match hcl_edit::parser::parse_body(&text) {
                Ok(body) => Ok((text, origins, body)),
                Err(error) => Err((origin(origins.as_deref(), error.location().line()), error.message().to_owned())),
            }
        });
        match parsed {
            Ok(Ok((text, origins, body))) => Ok(Ok(Self { lines: Lines::of(&text), path, file, text, origins, body })),
            Ok(Err((line, message))) => broken(line, message),
            Err(trouble) => broken(1, trouble.to_string()),
        }
    }

    pub(super) fn place(&self, node: &impl Span) -> Place {
        let offset = node.span().map_or(0, |span| span.start);
        let line = usize::try_from(self.lines.line(offset)).unwrap_or(usize::MAX);
        Place { file: self.file.clone(), line: origin(self.origins.as_deref(), line) }
    }

    pub(super) fn code(&self, node: &impl Span) -> &str {
        node.span().and_then(|span| self.text.get(span)).unwrap_or_default().trim()
    }

    pub(super) fn size(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &Expression)> {
        self.body.attributes().map(|attribute| (attribute.key.as_str(), &attribute.value))
    }

    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.body.blocks()
    }

    fn is_override(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default();
        stem == "override" || stem.ends_with("_override")
    }
}

impl Folder {
    pub(super) fn read(tree: &Tree, path: &Path) -> Result<Self, Error> {
        let mut folder = Self {
            store: tree.store.clone(),
            path: path.to_owned(),
            sources: Vec::new(),
            broken: Vec::new(),
            terragrunt: None,
        };
        for file in tree.entries(path)? {
            let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let shadowed = tofu(&file).is_some_and(|tofu| tree.store.is_file(&tofu));
            if hidden || shadowed || !tree.store.is_file(&file) || Language::of(&file) != Some(Language::Hcl) {
                continue;
            }
            match Source::read(tree, &file) {
                Ok(Ok(source)) if is_terragrunt(&file) => folder.terragrunt = Some(source),
                Ok(Ok(source)) => folder.sources.push(source),
                Ok(Err(broken)) => folder.broken.push(broken),
                // Generated; the walk leaves it out as well.
                Err(Error::TooLarge { .. }) if tree.single.as_ref() != Some(&file) => {}
                Err(error) => return Err(error),
            }
        }
        // Overrides are merged last, in the order of their names.
        folder.sources.sort_by_key(Source::is_override);
        Ok(folder)
    }

    pub(super) fn items(&self) -> Items<'_> {
        Items::of(&self.sources)
    }
}

/// Of `main.tf` the `main.tofu`, which OpenTofu reads instead.
fn tofu(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?;
    let stem = name.strip_suffix(".tf").map(|stem| format!("{stem}.tofu"));
    Some(file.with_file_name(stem.or_else(|| name.strip_suffix(".tf.json").map(|stem| format!("{stem}.tofu.json")))?))
}

pub(super) fn is_terragrunt(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "terragrunt.hcl")
}

/// The line of a file for a line of what was parsed.
fn origin(origins: Option<&[u32]>, line: usize) -> u32 {
    match origins {
        Some(origins) => line.checked_sub(1).and_then(|index| origins.get(index)).copied().unwrap_or(1),
        None => u32::try_from(line).unwrap_or(u32::MAX),
    }
}

impl<'a> Items<'a> {
    pub(super) fn of(sources: impl IntoIterator<Item = &'a Source>) -> Self {
        let mut items = Self::default();
        for source in sources {
            for block in source.body.blocks() {
                if block.ident.as_str() == "locals" {
                    for attribute in block.body.attributes() {
                        let written = Written { source, expression: &attribute.value };
                        items.locals.insert(attribute.key.as_str(), written);
                    }
                } else if let Some(address) = address(block) {
                    items.take(address, source, block);
                }
            }
        }
        items
    }

    fn take(&mut self, address: String, source: &'a Source, block: &'a Block) {
        let new = || Item {
            block: block.ident.as_str(),
            labels: block.labels.iter().map(hcl_edit::structure::BlockLabel::as_str).collect(),
            source,
            at: source.place(block),
            attributes: BTreeMap::new(),
            blocks: Vec::new(),
        };
        let item = self.by_address.entry(address).or_insert_with(new);
        for attribute in block.body.attributes() {
            let written = Written { source, expression: &attribute.value };
            item.attributes.insert(attribute.key.as_str(), written);
        }
        item.blocks.extend(block.body.blocks().map(|block| (source, block)));
    }
}

fn address(block: &Block) -> Option<String> {
    let labels: Vec<&str> = block.labels.iter().map(hcl_edit::structure::BlockLabel::as_str).collect();
    match (block.ident.as_str(), &labels[..]) {
        ("resource", [kind, name]) => Some(format!("{kind}.{name}")),
        ("data", [kind, name]) => Some(format!("data.{kind}.{name}")),
        ("variable", [name]) => Some(format!("var.{name}")),
        ("output", [name]) => Some(format!("output.{name}")),
        ("module", [name]) => Some(format!("module.{name}")),
        ("provider", [name]) => Some(format!("provider.{name}.{}", block.span().map_or(0, |span| span.start))),
        _ => None,
    }
}
