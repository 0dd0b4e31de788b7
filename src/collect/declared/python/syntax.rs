//! A file of Python as far as it matters here: its expressions, and which names are given what, where, and on which
//! condition. Parts refer to each other by number, so that a module can be kept and shared.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::collect::declared::value::Lines;

pub(super) type ExprId = usize;
pub(super) type ScopeId = usize;
pub(super) type GuardId = usize;
pub(super) type LoopId = usize;
pub(super) type FunctionId = usize;
pub(super) type ClassId = usize;

/// The scope of a module's own names.
pub(super) const GLOBAL: ScopeId = 0;

#[derive(Debug)]
pub(super) struct Expr {
    pub start: usize,
    pub end: usize,
    pub scope: ScopeId,
    /// On which condition it is reached, within its function.
    pub guard: Option<GuardId>,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Text(String),
    Number(String),
    Bool(bool),
    Nothing,
    /// An f-string, or texts written one after the other.
    Template(Vec<ExprId>),
    Name(String),
    Attribute {
        object: ExprId,
        name: String,
        /// Where the name stands, which may be on another line than the object.
        at: usize,
    },
    Subscript {
        object: ExprId,
        key: ExprId,
    },
    Call {
        function: ExprId,
        arguments: Vec<Argument>,
    },
    /// A list, tuple or set.
    List(Vec<Argument>),
    /// Without a key: a dictionary that is spread into it.
    Dict(Vec<(Option<ExprId>, ExprId)>),
    Choice {
        test: ExprId,
        yes: ExprId,
        no: ExprId,
    },
    And(ExprId, ExprId),
    Or(ExprId, ExprId),
    Not(ExprId),
    Binary {
        left: ExprId,
        operator: String,
        right: ExprId,
    },
    /// What only a run tells.
    Opaque,
}

#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub passed: Passed,
    pub value: ExprId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    ByPosition,
    ByName(String),
    /// `*values`
    Splat,
    /// `**values`
    Spread,
}

#[derive(Debug)]
pub(super) struct Scope {
    pub parent: Option<ScopeId>,
    pub kind: ScopeKind,
    /// Where it begins: what is outside and before that has happened when it runs.
    pub start: usize,
    /// On which condition it is there.
    pub guard: Option<GuardId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Function(FunctionId),
    Class,
    /// Of a comprehension or lambda, which run where they stand.
    Inline,
}

/// A condition, and those around it.
#[derive(Debug)]
pub(super) struct Guard {
    pub parent: Option<GuardId>,
    pub kind: GuardKind,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum GuardKind {
    If {
        test: ExprId,
        holds: bool,
    },
    Loop(LoopId),
    /// What is never decided here: `a try statement`.
    Doubt(&'static str),
}

#[derive(Debug)]
pub(super) struct Loop {
    pub over: ExprId,
}

/// A name is given something.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub start: usize,
    pub end: usize,
    pub guard: Option<GuardId>,
    pub meaning: Meaning,
}

#[derive(Clone, Debug)]
pub(super) enum Meaning {
    Value(ExprId),
    /// Part of a value: `a, b = value`
    Part {
        whole: ExprId,
        path: Vec<usize>,
    },
    /// `name += value`
    Augmented {
        operator: String,
        value: ExprId,
    },
    /// `name[key] = value`
    Entry {
        key: ExprId,
        value: ExprId,
    },
    /// `name.update(value)`
    Update(ExprId),
    /// `name.field = value`, or another change of it.
    Field {
        field: String,
        value: Option<ExprId>,
    },
    Import(Import),
    Function(FunctionId),
    Class(ClassId),
    Parameter {
        function: FunctionId,
        index: usize,
    },
    /// Part of what a loop goes over.
    Item {
        of: LoopId,
        path: Vec<usize>,
    },
    /// Something that only a run gives a value: `a parameter`.
    Opaque(&'static str),
}

/// `from ..path import name`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The number of leading dots.
    pub level: usize,
    pub path: Vec<String>,
    pub name: Option<String>,
}

#[derive(Debug)]
pub(super) struct Function {
    pub name: String,
    pub parameters: Vec<Parameter>,
    pub scope: ScopeId,
    pub outer: ScopeId,
    pub class: Option<ClassId>,
    pub returns: Vec<Return>,
    /// A decorator may replace it.
    pub decorators: Vec<String>,
    /// What it gives is no value: it is a generator or a coroutine.
    pub is_deferred: bool,
}

#[derive(Debug)]
pub(super) struct Return {
    pub guard: Option<GuardId>,
    pub value: Option<ExprId>,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub name: String,
    pub default: Option<ExprId>,
    pub style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// Behind a `*`.
    KeywordOnly,
    /// `*args`
    Rest,
    /// `**kwargs`
    Keywords,
}

#[derive(Debug)]
pub(super) struct Class {
    pub name: String,
    pub bases: Vec<ExprId>,
    pub scope: ScopeId,
    /// The last name of each: `dataclass`.
    pub decorators: Vec<String>,
    /// Names with a type, in order: the fields of a data class.
    pub fields: Vec<String>,
    /// `self.name = value`, in any of its methods.
    pub attributes: HashMap<String, Vec<(ScopeId, Binding)>>,
}

/// `object.name = value`, of any object.
#[derive(Debug)]
pub(super) struct Assigned {
    pub object: ExprId,
    pub name: String,
    pub value: ExprId,
}

/// Where the text is no Python.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
    /// The statements of the module around it: what it says may belong to any of them.
    pub around: (usize, usize),
}

/// One file.
#[derive(Debug)]
pub(super) struct Module {
    pub path: PathBuf,
    pub file: Arc<str>,
    pub text: String,
    pub lines: Lines,
    pub exprs: Vec<Expr>,
    pub scopes: Vec<Scope>,
    pub guards: Vec<Guard>,
    pub loops: Vec<Loop>,
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
    pub names: HashMap<(ScopeId, String), Vec<Binding>>,
    /// `from … import *`
    pub stars: Vec<Import>,
    /// Every call, and by what is called.
    pub calls: Vec<ExprId>,
    pub callers: HashMap<ExprId, ExprId>,
    /// Where names and attributes are mentioned.
    pub mentions: HashMap<String, Vec<ExprId>>,
    pub assigned: Vec<Assigned>,
    /// In order.
    pub faults: Vec<Fault>,
}

impl Module {
    pub(super) fn code(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn bindings(&self, scope: ScopeId, name: &str) -> &[Binding] {
        self.names.get(&(scope, name.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The functions around a scope, the innermost first.
    pub(super) fn functions_around(&self, scope: ScopeId) -> Vec<FunctionId> {
        let scopes = std::iter::successors(Some(scope), |scope| self.scopes[*scope].parent);
        let function = |scope: ScopeId| match self.scopes[scope].kind {
            ScopeKind::Function(function) => Some(function),
            _ => None,
        };
        scopes.filter_map(function).collect()
    }

    /// The conditions of a guard, the innermost first.
    pub(super) fn chain(&self, guard: Option<GuardId>) -> impl Iterator<Item = GuardId> {
        std::iter::successors(guard, |guard| self.guards[*guard].parent)
    }
}
