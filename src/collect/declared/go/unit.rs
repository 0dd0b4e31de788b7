//! What one file declares, changes, calls and returns, and under which conditions.

use std::collections::HashMap;

use tree_sitter::Node;

use super::source::File;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning<'a> {
    /// The value at an index of what an expression comes to, of which most come to one.
    Value(Node<'a>, usize, usize),
    /// `var name type`
    Zero(Option<Node<'a>>),
    /// An argument of a function by its index; its type.
    Parameter(usize, usize, Option<Node<'a>>),
    Function(usize),
    /// What it is declared as.
    Type(Option<Node<'a>>),
    /// Of a loop: what is between `for` and its body, and which of its names it is.
    Item(Node<'a>, usize),
    /// Something that only a run gives a value: `a receiver`.
    Opaque(&'static str),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'a> {
    pub meaning: Meaning<'a>,
    /// From where to where it can be named.
    pub start: usize,
    pub end: usize,
    /// The scope's begin, which for a variable is before its declaration.
    pub scope: usize,
    pub is_global: bool,
}

/// `name.path = value`, and whatever else may change a name's value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub offset: usize,
    /// The statement, within which it has not happened.
    pub whole: (usize, usize),
    /// What stands on the left.
    pub target: Node<'a>,
    pub what: What<'a>,
    pub guard: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    /// The value at an index of an expression with several.
    Set(Node<'a>, usize, usize),
    /// `+=`, `++`
    Reckoned,
    /// Its address or, of a pointer, itself is given to a function: the call, and the index of the argument.
    Given(Node<'a>, usize),
}

/// A part of the code that runs under a condition, several times, or later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard<'a> {
    pub parent: Option<usize>,
    pub part: (usize, usize),
    /// The whole statement, other parts of which run instead of this one.
    pub whole: (usize, usize),
    pub kind: GuardKind<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum GuardKind<'a> {
    /// The condition, and what it must be.
    If(Node<'a>, bool),
    /// A case of a switch.
    Case(Node<'a>, Node<'a>),
    /// With what is ranged over, if it is that kind of loop.
    Loop(Option<Node<'a>>),
    Function,
    /// What only a run decides.
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Function<'a> {
    pub name: &'a str,
    pub node: Node<'a>,
    pub parameters: Vec<&'a str>,
    pub returns: Vec<(Node<'a>, Option<usize>)>,
    pub is_method: bool,
    /// Its last parameter takes any number of arguments.
    pub is_variadic: bool,
    /// Of a variable that is declared as a function: the function around it.
    pub outer: Option<usize>,
    pub is_variable: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub node: Node<'a>,
    pub guard: Option<usize>,
    /// The function that it stands in.
    pub function: Option<usize>,
    /// The last part of what it calls.
    pub name: &'a str,
}

pub(super) struct Unit<'a> {
    pub file: &'a File,
    pub package: usize,
    /// The package's name in its own clause.
    pub name: &'a str,
    /// Local name, if given, and path.
    pub imports: Vec<(Option<&'a str>, &'a str)>,
    /// What is declared within functions.
    pub locals: HashMap<&'a str, Vec<Binding<'a>>>,
    /// What is declared for the whole package.
    pub globals: Vec<(&'a str, Binding<'a>)>,
    pub changes: HashMap<&'a str, Vec<Change<'a>>>,
    pub guards: Vec<Guard<'a>>,
    pub functions: Vec<Function<'a>>,
    pub calls: Vec<Call<'a>>,
    /// Functions, which run when they are called.
    pub literals: Vec<(usize, usize)>,
    /// Declarations at the top that do not parse.
    pub broken: Vec<(usize, usize)>,
}

impl<'a> Unit<'a> {
    /// The innermost declaration of a name around an offset.
    pub(super) fn local(&self, name: &str, offset: usize) -> Option<Binding<'a>> {
        let around = |binding: &&Binding<'a>| binding.start <= offset && offset < binding.end;
        self.locals.get(name)?.iter().filter(around).max_by_key(|binding| (binding.scope, binding.start)).copied()
    }

    /// What the loops around some code range over, the outermost first.
    pub(super) fn loops(&self, call: &Call<'a>) -> Vec<Node<'a>> {
        let chain = std::iter::successors(call.guard, |index| self.guards.get(*index)?.parent);
        // Those around the function run where it is called.
        let node = call.function.and_then(|function| self.functions.get(function)).map(|function| function.node);
        let is_own = |index: &usize| {
            let guard = self.guards.get(*index);
            let is_function = guard.is_some_and(|guard| matches!(guard.kind, GuardKind::Function));
            !is_function || guard.map(|guard| guard.part) != node.map(|node| (node.start_byte(), node.end_byte()))
        };
        let chain = chain.take_while(is_own);
        let clause = |index: usize| match self.guards.get(index)?.kind {
            GuardKind::Loop(clause) => clause,
            _ => None,
        };
        let mut found: Vec<Node<'a>> = chain.filter_map(clause).collect();
        found.reverse();
        found
    }

    pub(super) fn is_broken(&self, node: Node<'_>) -> bool {
        self.broken.iter().any(|(start, end)| *start <= node.start_byte() && node.start_byte() < *end)
    }
}
