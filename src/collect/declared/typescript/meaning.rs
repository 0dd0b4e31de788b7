//! What names stand for, and what code they are in.

use oxc_ast::ast::{ArrowFunctionExpression, Class, Expression, Function, TSEnumDeclaration, TSModuleReference};
use oxc_span::Span;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Meaning<'a> {
    /// `import * as local`, `import local = require()`
    Namespace(&'a str),
    /// `import { name as local } from "package"`
    Imported {
        from: &'a str,
        name: &'a str,
    },
    /// `import local = a.b.c`
    Alias(&'a TSModuleReference<'a>),
    /// `const { key: local = default } = expression`, or a parameter.
    Bound {
        root: Root<'a>,
        path: Vec<Step<'a>>,
    },
    Enum(&'a TSEnumDeclaration<'a>),
    Function(&'a Function<'a>),
    Class(&'a Class<'a>),
    /// Something that only a run gives a value: `an error`.
    Opaque(&'static str),
}

/// What a pattern takes apart.
#[derive(Clone, Copy, Debug)]
pub(super) enum Root<'a> {
    Value(&'a Expression<'a>),
    /// `let local;`
    Unset,
    Parameter {
        function: Span,
        index: usize,
        is_rest: bool,
    },
    /// The item of a loop.
    Item(Span),
}

/// How a pattern takes it apart.
#[derive(Clone, Debug)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
    Default(&'a Expression<'a>),
    /// `...rest` of an object
    Without(Vec<&'a str>),
    /// `...rest` of an array
    From(usize),
    Lost,
}

#[derive(Clone, Debug)]
pub(super) struct Binding<'a> {
    pub scope: Span,
    /// Where it is declared.
    pub at: u32,
    pub meaning: Meaning<'a>,
}

/// A change of a name after its declaration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub span: Span,
    /// What is assigned to the name itself; `None` of a part, or of what counts.
    pub value: Option<&'a Expression<'a>>,
}

/// A function, however it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Func<'a> {
    Function(&'a Function<'a>),
    Arrow(&'a ArrowFunctionExpression<'a>),
}

impl<'a> Func<'a> {
    pub(super) fn of(expression: &'a Expression<'a>) -> Option<Self> {
        match expression.get_inner_expression() {
            Expression::ArrowFunctionExpression(arrow) => Some(Self::Arrow(arrow)),
            Expression::FunctionExpression(function) => Some(Self::Function(function)),
            _ => None,
        }
    }

    pub(super) fn span(&self) -> Span {
        match self {
            Self::Function(function) => function.span,
            Self::Arrow(arrow) => arrow.span,
        }
    }
}

/// Code that runs when something calls it, or once for each of many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub span: Span,
    pub kind: OwnerKind<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum OwnerKind<'a> {
    /// With a name, if it has one.
    Function(Option<&'a str>),
    /// Given to `list.forEach()` and the like.
    Callback {
        object: &'a Expression<'a>,
        method: &'a str,
    },
    Method(&'a Class<'a>),
    /// The constructor, or the value of a field.
    Construction(&'a Class<'a>),
    /// `for (const item of list)`
    Each {
        list: &'a Expression<'a>,
        keys: bool,
    },
    /// Any other loop.
    Repeated,
}
