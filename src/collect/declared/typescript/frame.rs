//! Where an expression is evaluated: in which file, and with which arguments the functions around it were called.

use std::fmt::Write as _;
use std::rc::Rc;

use oxc_ast::ast::{Argument, Class};
use oxc_span::Span;

use super::meaning::{Owner, OwnerKind};
use super::world::Module;
use crate::collect::declared::value::{Place, Spot, Value, quote};

/// Calls that lead to each other are no longer chains than this.
const MAX_FRAMES: u32 = 24;

/// A function, a class or a loop, of all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    module: usize,
    start: u32,
    end: u32,
}

impl Id {
    pub(super) fn of(module: &Module<'_>, span: Span) -> Self {
        Self { module: module.number, start: span.start, end: span.end }
    }

    /// A constructor, and the values of fields, run when an object of the class is made.
    pub(super) fn of_owner(module: &Module<'_>, owner: &Owner<'_>) -> Self {
        let span = match owner.kind {
            OwnerKind::Construction(class) => class.span,
            _ => owner.span,
        };
        Self::of(module, span)
    }
}

/// What a call gives.
#[derive(Clone, Debug)]
pub(super) enum Given<'a> {
    Arguments(&'a [Argument<'a>]),
    /// The item of a loop, and the like.
    Values(Vec<Spot>),
}

/// One call of a function, one construction of a class, or one round of a loop.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub owner: Id,
    pub given: Given<'a>,
    /// Where it is called.
    pub outer: Scope<'a>,
    /// Of a method: the construction of its object.
    pub instance: Option<Rc<Frame<'a>>>,
    /// Of a class: the one that extends it and is made.
    pub derived: Option<&'a Class<'a>>,
    call: Span,
    round: usize,
    depth: u32,
}

/// A file, and the calls that lead to the code in it.
#[derive(Clone, Debug)]
pub(super) struct Scope<'a> {
    pub module: Rc<Module<'a>>,
    pub env: Option<Rc<Frame<'a>>>,
    /// The file that is run: it tells the project.
    pub root: Rc<Module<'a>>,
}

impl<'a> Scope<'a> {
    pub(super) fn top(module: &Rc<Module<'a>>) -> Self {
        Self { module: module.clone(), env: None, root: module.clone() }
    }

    /// Code of another file, outside of functions.
    pub(super) fn at(&self, module: &Rc<Module<'a>>) -> Self {
        Self { module: module.clone(), env: None, root: self.root.clone() }
    }

    /// A call from here; `None` when calls lead too far.
    pub(super) fn call(&self, owner: Id, given: Given<'a>, call: Span, round: usize) -> Option<Frame<'a>> {
        let depth = self.env.as_ref().map_or(0, |frame| frame.depth) + 1;
        let outer = self.clone();
        (depth <= MAX_FRAMES).then_some(Frame {
            owner,
            given,
            outer,
            instance: None,
            derived: None,
            call,
            round,
            depth,
        })
    }

    /// The same file, within a call.
    pub(super) fn within(&self, frame: Frame<'a>) -> Self {
        Self { env: Some(Rc::new(frame)), ..self.clone() }
    }

    /// The call of a function that led here.
    pub(super) fn find(&self, owner: Id) -> Option<Rc<Frame<'a>>> {
        let mut next = self.env.as_ref();
        while let Some(frame) = next {
            if frame.owner == owner {
                return Some(frame.clone());
            }
            if let Some(instance) = frame.instance.as_ref().filter(|instance| instance.owner == owner) {
                return Some(instance.clone());
            }
            next = frame.outer.env.as_ref();
        }
        None
    }

    /// Only those calls that the code there is within, so that what is evaluated from several places is one.
    pub(super) fn settled(&self, code: Span) -> Self {
        let owners = self.module.names.around(code);
        let env = owners.iter().find_map(|owner| self.find(Id::of_owner(&self.module, owner)));
        Self { env, ..self.clone() }
    }

    /// What tells apart the calls that lead here.
    pub(super) fn chain(&self) -> String {
        let mut text = String::new();
        let mut next = self.env.as_ref();
        while let Some(frame) = next {
            let _ = write!(text, "<{}:{}", frame.outer.module.number, frame.call.start);
            if frame.round > 0 {
                let _ = write!(text, "#{}", frame.round);
            }
            next = frame.outer.env.as_ref();
        }
        text
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place { file: self.module.file.clone(), line: self.module.lines.line(span.start as usize) }
    }

    pub(super) fn code(&self, span: Span) -> &'a str {
        self.module.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// How a reason names a line: with the file when it is not the one that is read.
    pub(super) fn line(&self, span: Span) -> String {
        let at = self.place(span);
        if self.module.number == 0 { format!("line {}", at.line) } else { format!("{}:{}", at.file, at.line) }
    }

    /// What cannot be known here: the code, its line, and why.
    pub(super) fn lost(&self, span: Span, why: &str) -> Spot {
        let (code, line) = (quote(self.code(span)), self.line(span));
        let what = if code.is_empty() { line } else { format!("{code} at {line}") };
        Spot::unknown(format!("{what}: {why}"), self.place(span))
    }

    pub(super) fn known(&self, span: Span, value: Value) -> Spot {
        Spot::new(value, self.place(span))
    }
}
