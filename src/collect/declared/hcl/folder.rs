//! A Terraform or OpenTofu module as it is written: all files of one folder, overrides merged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use crate::collect::declared::value::{Lines, Place};
use crate::collect::declared::walk::Tree;
use crate::collect::declared::{Error, Language, guard};
use crate::collect::files::Files;

/// The parser itself stops at 64 levels; this is ample for them.
const STACK: usize = 32 * 1024 * 1024;

/// A file that parses.
#[derive(Debug)]
pub(super) struct Source {
    pub path: PathBuf,
    pub file: Arc<str>,
    text: String,
    lines: Lines,
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
}

/// A block of the module: `resource "aws_db_instance" "main"`.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub block: &'a str,
    pub labels: Vec<&'a str>,
    pub source: &'a Source,
    pub at: Place,
    pub attributes: BTreeMap<&'a str, Written<'a>>,
    /// Blocks within it; of overrides as well.
    pub blocks: Vec<&'a Block>,
}

impl<'a> Item<'a> {
    /// The blocks of a name within it.
    pub(super) fn inner(&self, name: &str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().copied().filter(move |block| block.ident.as_str() == name)
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
        let for_parser = text.clone();
        let parsed = guard::run(STACK, move || {
            hcl_edit::parser::parse_body(&for_parser)
                .map_err(|error| (error.location().line(), error.message().to_owned()))
        });
        let (line, reason) = match parsed {
            Ok(Ok(body)) => return Ok(Ok(Self { lines: Lines::of(&text), path, file, text, body })),
            Ok(Err((line, message))) => (u32::try_from(line).unwrap_or(u32::MAX), format!("{message}, line {line}")),
            Err(trouble) => (1, trouble.to_string()),
        };
        let mentions = ["aws_db_instance", "aws_rds_cluster", "awscc_rds_db", "terraform-aws-modules/rds"];
        let mentions = mentions.iter().any(|name| text.contains(name));
        Ok(Err(Broken { path, file, line, reason: format!("file does not parse: {reason}"), mentions }))
    }

    pub(super) fn place(&self, node: &impl Span) -> Place {
        let offset = node.span().map_or(0, |span| span.start);
        Place { file: self.file.clone(), line: self.lines.line(offset) }
    }

    pub(super) fn code(&self, node: &impl Span) -> &str {
        node.span().and_then(|span| self.text.get(span)).unwrap_or_default().trim()
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &Expression)> {
        self.body.attributes().map(|attribute| (attribute.key.as_str(), &attribute.value))
    }

    fn is_override(&self) -> bool {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        stem == "override" || stem.ends_with("_override")
    }
}

impl Folder {
    pub(super) fn read(tree: &Tree, path: &Path) -> Result<Self, Error> {
        let mut folder =
            Self { store: tree.store.clone(), path: path.to_owned(), sources: Vec::new(), broken: Vec::new() };
        for file in tree.entries(path)? {
            let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            // OpenTofu reads main.tofu instead of main.tf.
            let shadowed =
                file.extension().is_some_and(|tf| tf == "tf") && tree.store.is_file(&file.with_extension("tofu"));
            if hidden || shadowed || !tree.store.is_file(&file) || Language::of(&file) != Some(Language::Hcl) {
                continue;
            }
            match Source::read(tree, &file) {
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
        let mut items = Items::default();
        for source in &self.sources {
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
}

impl<'a> Items<'a> {
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
        item.blocks.extend(block.body.blocks());
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
