//! From text to a [`Module`]. The parser makes a tree of any text; what of it is no Python is a [`Fault`].

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use super::build::Builder;
use super::syntax::{Fault, Module};

/// Longer than any honest file takes by a factor of a hundred.
const PATIENCE: Duration = Duration::from_secs(2);

/// # Errors
/// Why the text is not read.
pub(super) fn parse(path: PathBuf, file: Arc<str>, text: String) -> Result<Module, &'static str> {
    let tree = tree(&text)?;
    let mut faults = faults(tree.root_node());
    surround(tree.root_node(), &mut faults);
    let mut builder = Builder::new(path, file, text, faults);
    builder.module(tree.root_node());
    Ok(builder.finish())
}

fn tree(text: &str) -> Result<Tree, &'static str> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).map_err(|_| "the parser gave up")?;
    let end = Instant::now() + PATIENCE;
    let mut progress =
        |_: &ParseState| if Instant::now() > end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = text.as_bytes();
    let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(options)).ok_or("it takes too long")
}

/// The outermost places where the text is no Python, without recursion.
fn faults(root: Node<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        let is_fault = node.is_error() || node.is_missing();
        if is_fault {
            let (start, end) = (node.start_byte(), node.end_byte());
            faults.push(Fault { start, end, reason: "syntax error", around: (start, end) });
        }
        if !is_fault && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return faults;
            }
        }
    }
}

/// Adds the statements around each fault, with their neighbours.
fn surround(root: Node<'_>, faults: &mut [Fault]) {
    let mut cursor = root.walk();
    let spans: Vec<(usize, usize)> =
        root.children(&mut cursor).map(|child| (child.start_byte(), child.end_byte())).collect();
    for fault in faults {
        let first = spans.partition_point(|(_, end)| *end < fault.start).saturating_sub(1);
        let last = spans.partition_point(|(start, _)| *start <= fault.end);
        let start = spans.get(first).map_or(fault.start, |span| span.0);
        let end = spans.get(last).or(spans.last()).map_or(fault.end, |span| span.1);
        fault.around = (start.min(fault.start), end.max(fault.end));
    }
}
