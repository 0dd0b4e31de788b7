//! Evaluation of expressions, as far as the files determine them.

use hcl_edit::expr::{
    BinaryOperator, Expression, FuncCall, Object, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl_edit::template::{Element, Template};

use super::folder::Source;
use super::scope::{Each, Scope};
use crate::collect::declared::value::{Map, Place, Spot, Value, choose, concat, quote};

/// Deeper references are not written by people.
pub(super) const MAX_DEPTH: u32 = 96;

/// Evaluates one expression of a file, in a module or (variable files) in none.
pub(super) struct Eval<'a, 's> {
    pub source: &'a Source,
    pub scope: Option<&'s Scope<'a>>,
    pub each: Option<&'s Each>,
}

/// Why `each.value` is not known while nobody asks for one instance.
pub(super) const EACH: &str = "it differs from one instance to the next";

/// The value of an expression that may refer to nothing.
pub(super) fn literal(source: &Source, expression: &Expression) -> Spot {
    Eval { source, scope: None, each: None }.eval(expression, 0)
}

/// A step of a traversal.
enum Step {
    Part(String),
    Unknown(String),
}

impl<'a> Eval<'a, '_> {
    fn lost(&self, node: &impl hcl_edit::Span, why: &str) -> Spot {
        let at = self.source.place(node);
        let file = at.file.rsplit('/').next().unwrap_or_default();
        Spot::unknown(format!("{} at {file}:{}: {why}", quote(self.source.code(node)), at.line), at)
    }

    pub(super) fn eval(&self, expression: &'a Expression, depth: u32) -> Spot {
        let at = self.source.place(expression);
        let next = depth + 1;
        if depth > MAX_DEPTH || !self.scope.is_none_or(Scope::burn) {
            return self.lost(expression, "it refers too far");
        }
        match expression {
            Expression::Null(_) => Spot::new(Value::Nothing, at),
            Expression::Bool(value) => Spot::new(Value::Bool(**value), at),
            Expression::Number(_) => Spot::new(Value::Number(self.source.code(expression).to_owned()), at),
            Expression::String(text) => Spot::new(Value::text(text.as_str()), at),
            Expression::Array(items) => {
                Spot::new(Value::List(items.iter().map(|item| self.eval(item, next)).collect()), at)
            }
            Expression::Object(object) => self.object(object, at, next),
            Expression::StringTemplate(template) => self.template(template, at, next),
            Expression::HeredocTemplate(heredoc) => {
                let spot = self.template(&heredoc.template, at, next);
                match &spot.value {
                    Value::Text(text) => Spot::new(Value::text(text.trim()), spot.at.clone()),
                    _ => spot,
                }
            }
            Expression::Parenthesis(inner) => self.eval(inner.inner(), next),
            Expression::Conditional(choice) => {
                let test = self.eval(&choice.cond_expr, next);
                let yes = self.eval(&choice.true_expr, next);
                let no = self.eval(&choice.false_expr, next);
                let holds = boolean(&test);
                choose(holds, yes, no, || {
                    let code = quote(self.source.code(&choice.cond_expr));
                    format!("{code} cannot be decided: {}", test.lost().unwrap_or("only a run tells"))
                })
            }
            Expression::UnaryOp(operation) if *operation.operator.value() == UnaryOperator::Not => {
                let inner = self.eval(&operation.expr, next);
                match boolean(&inner) {
                    Some(holds) => Spot::new(Value::Bool(!holds), at),
                    None => self.passed(expression, &[&inner]),
                }
            }
            Expression::BinaryOp(operation) => {
                let left = self.eval(&operation.lhs_expr, next);
                let right = self.eval(&operation.rhs_expr, next);
                let holds = match operation.operator.value() {
                    BinaryOperator::Eq => left.value.same(&right.value),
                    BinaryOperator::NotEq => left.value.same(&right.value).map(|same| !same),
                    BinaryOperator::And => both(boolean(&left), boolean(&right)),
                    BinaryOperator::Or => both(boolean(&left).map(|holds| !holds), boolean(&right).map(|holds| !holds))
                        .map(|neither| !neither),
                    BinaryOperator::Greater => compare(&left, &right).map(std::cmp::Ordering::is_gt),
                    BinaryOperator::Less => compare(&left, &right).map(std::cmp::Ordering::is_lt),
                    _ => None,
                };
                match holds {
                    Some(holds) => Spot::new(Value::Bool(holds), at),
                    None => self.passed(expression, &[&left, &right]),
                }
            }
            Expression::FuncCall(call) => self.call(expression, call, next),
            Expression::Traversal(traversal) => self.traversal(expression, traversal, next),
            _ => self.lost(expression, "only a run tells"),
        }
    }

    /// Unknown for the reason that the operands are, or for its own.
    fn passed(&self, expression: &Expression, operands: &[&Spot]) -> Spot {
        match operands.iter().find_map(|operand| operand.lost()) {
            Some(reason) => Spot::unknown(reason, self.source.place(expression)),
            None => self.lost(expression, "only a run tells"),
        }
    }

    fn object(&self, object: &'a Object, at: Place, depth: u32) -> Spot {
        let mut map = Map::default();
        for (key, value) in object {
            let name = match key {
                ObjectKey::Ident(name) | ObjectKey::Expression(Expression::Variable(name)) => {
                    Some(name.as_str().to_owned())
                }
                ObjectKey::Expression(key) => self.eval(key, depth).scalar().map(str::to_owned),
            };
            match name {
                Some(name) => drop(map.entries.insert(name, self.eval(value.expr(), depth))),
                None => map.forget(&format!("a key at line {} is not known", at.line)),
            }
        }
        Spot::new(Value::Map(map), at)
    }

    fn template(&self, template: &'a Template, at: Place, depth: u32) -> Spot {
        let mut parts = Vec::new();
        for element in template {
            parts.push(match element {
                Element::Literal(text) => Spot::new(Value::text(text.as_str()), at.clone()),
                Element::Interpolation(inner) => self.eval(&inner.expr, depth),
                Element::Directive(_) => {
                    return Spot::unknown(format!("a template directive at line {}", at.line), at);
                }
            });
        }
        match &parts[..] {
            // Nothing but a reference: the value is written there.
            [only] => only.clone(),
            _ => concat(parts, at),
        }
    }

    fn call(&self, expression: &'a Expression, call: &'a FuncCall, depth: u32) -> Spot {
        let arguments: Vec<Spot> = call.args.iter().map(|argument| self.eval(argument, depth)).collect();
        if call.name.is_namespaced() || call.args.expand_final() {
            return self.lost(expression, "only a run tells");
        }
        match (call.name.name.as_str(), &arguments[..]) {
            (
                "tostring" | "tonumber" | "tobool" | "toset" | "tolist" | "tomap" | "sensitive" | "nonsensitive",
                [only],
            ) => only.clone(),
            ("trimspace", [only]) => match only.scalar() {
                Some(text) => Spot::new(Value::text(text.trim()), only.at.clone()),
                None => self.passed(expression, &[only]),
            },
            ("lower", [only]) => match only.scalar() {
                Some(text) => Spot::new(Value::text(text.to_lowercase()), only.at.clone()),
                None => self.passed(expression, &[only]),
            },
            ("length", [only]) => {
                let length = match &only.value {
                    Value::List(items) => Some(items.len()),
                    Value::Map(Map { entries, open: None }) => Some(entries.len()),
                    Value::Text(text) => Some(text.chars().count()),
                    _ => None,
                };
                match length {
                    Some(length) => Spot::new(Value::Number(length.to_string()), self.source.place(expression)),
                    None => self.passed(expression, &[only]),
                }
            }
            ("lookup", [map, key, rest @ ..]) => match (key.scalar().and_then(|key| map.entry(key)), rest.first()) {
                (Some(found), Some(default)) if found.is_nothing() => default.clone(),
                (Some(found), _) => found,
                (None, _) => self.passed(expression, &[key, map]),
            },
            ("element", [list, index]) => match index.scalar().and_then(|index| list.entry(index)) {
                Some(found) => found,
                None => self.passed(expression, &[index, list]),
            },
            ("coalesce" | "try", all) => {
                let skipped =
                    |spot: &&Spot| spot.is_nothing() || matches!(&spot.value, Value::Text(text) if text.is_empty());
                match all.iter().find(|spot| !skipped(spot)) {
                    Some(first) => first.clone(),
                    None => self.lost(expression, "it comes to nothing"),
                }
            }
            ("merge", maps) => {
                let mut merged = Map::default();
                for map in maps {
                    merged.spread(map);
                }
                Spot::new(Value::Map(merged), self.source.place(expression))
            }
            ("contains", [list, wanted]) => match (&list.value, wanted.scalar()) {
                (Value::List(items), Some(wanted)) if items.iter().all(|item| item.scalar().is_some()) => {
                    let holds = items.iter().any(|item| item.scalar() == Some(wanted));
                    Spot::new(Value::Bool(holds), self.source.place(expression))
                }
                _ => self.passed(expression, &[list, wanted]),
            },
            _ => self.lost(expression, "only a run tells"),
        }
    }

    fn traversal(&self, expression: &'a Expression, traversal: &'a Traversal, depth: u32) -> Spot {
        let steps = traversal.operators.iter().map(|operator| match operator.value() {
            TraversalOperator::GetAttr(name) => Step::Part(name.as_str().to_owned()),
            TraversalOperator::LegacyIndex(index) => Step::Part(index.to_string()),
            TraversalOperator::Index(index) => {
                let key = self.eval(index, depth);
                match (key.scalar(), key.lost()) {
                    (Some(key), _) => Step::Part(key.to_owned()),
                    (None, reason) => Step::Unknown(reason.unwrap_or("only a run tells").to_owned()),
                }
            }
            TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                Step::Unknown("only a run tells".to_owned())
            }
        });
        let mut path: Vec<String> = Vec::new();
        let mut blocked = None;
        for step in steps {
            match step {
                Step::Part(part) => path.push(part),
                Step::Unknown(reason) => {
                    blocked = Some(reason);
                    break;
                }
            }
        }
        let (start, rest) = match (&traversal.expr, self.scope) {
            (Expression::Variable(root), _) if root.as_str() == "each" => match (self.each, path.first()) {
                (Some((key, _)), Some(part)) if part == "key" => (key.clone(), &path[1..]),
                (Some((_, value)), Some(part)) if part == "value" => (value.clone(), &path[1..]),
                _ => return self.lost(expression, EACH),
            },
            (Expression::Variable(root), Some(scope)) => match scope.reference(root.as_str(), &path, depth) {
                Ok((spot, used)) => (spot, &path[used..]),
                Err(why) => return self.lost(expression, &why),
            },
            (Expression::Variable(_), None) => return self.lost(expression, "nothing to refer to"),
            (inner, _) => (self.eval(inner, depth), &path[..]),
        };
        let mut spot = start;
        for part in rest {
            spot = match spot.entry(part) {
                Some(entry) => entry,
                None if spot.is_nothing() => return spot,
                None => return self.lost(expression, "only a run tells"),
            };
        }
        match blocked {
            Some(reason) if spot.lost().is_none() => self.lost(expression, &reason),
            _ => spot,
        }
    }
}

/// Terraform takes `"true"` for `true`.
pub(super) fn boolean(spot: &Spot) -> Option<bool> {
    match spot.scalar()? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn compare(left: &Spot, right: &Spot) -> Option<std::cmp::Ordering> {
    left.scalar()?.parse::<f64>().ok()?.partial_cmp(&right.scalar()?.parse::<f64>().ok()?)
}
