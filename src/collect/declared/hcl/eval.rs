//! Evaluation of expressions, as far as the files determine them. Functions are in `functions`.

use std::cmp::Ordering;

use hcl_edit::Decorated;
use hcl_edit::expr::{
    BinaryOperator, Expression, ForExpr, Object, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl_edit::template::{Directive, Element, Template};

use super::folder::Source;
use super::scope::{Each, Scope};
use crate::collect::declared::value::{Map, Place, Spot, Value, choose, concat, quote};

/// Deeper references are not written by people.
pub(super) const MAX_DEPTH: u32 = 96;

/// Longer lists are not looped over.
const MAX_ITEMS: usize = 1000;

/// Evaluates one expression of a file, in a module or (variable files) in none.
#[derive(Clone, Copy)]
pub(super) struct Eval<'a, 's> {
    pub source: &'a Source,
    pub scope: Option<&'s Scope<'a>>,
    pub each: Option<&'s Each>,
    /// What the loops around it give names to.
    pub bound: Option<&'s Bound<'s>>,
}

/// A name that a loop gives to a value.
pub(super) struct Bound<'s> {
    pub name: &'s str,
    pub spot: Spot,
    pub outer: Option<&'s Bound<'s>>,
}

/// Why `each.value` is not known while nobody asks for one instance.
pub(super) const EACH: &str = "it differs from one instance to the next";

/// Why an attribute is not known that a known value lacks; `try` goes on to its next argument.
pub(super) const MISSING: &str = "there is no such attribute";

/// The value of an expression that may refer to nothing.
pub(super) fn literal(source: &Source, expression: &Expression) -> Spot {
    Eval { source, scope: None, each: None, bound: None }.eval(expression, 0)
}

/// A step of a traversal.
enum Step {
    Part(String),
    /// Over a list; of each item that many of the steps that follow are taken.
    Splat(usize),
    Unknown(String),
}

impl<'a> Eval<'a, '_> {
    pub(super) fn lost(&self, node: &impl hcl_edit::Span, why: &str) -> Spot {
        let at = self.source.place(node);
        let file = at.file.rsplit('/').next().unwrap_or_default();
        Spot::unknown(format!("{} at {file}:{}: {why}", quote(self.source.code(node)), at.line), at)
    }

    pub(super) fn eval(&self, expression: &'a Expression, depth: u32) -> Spot {
        let at = self.source.place(expression);
        let next = depth + 1;
        if depth > MAX_DEPTH || !self.scope.is_none_or(|scope| scope.burn(1)) {
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
                match operate(*operation.operator.value(), &left, &right) {
                    Some(value) => Spot::new(value, at),
                    None => self.passed(expression, &[&left, &right]),
                }
            }
            Expression::FuncCall(call) => self.call(expression, call, next),
            Expression::Traversal(traversal) => self.traversal(expression, traversal, next),
            Expression::ForExpr(each) => self.comprehension(expression, each, next),
            Expression::Variable(name) => match self.named(name.as_str()) {
                Some(spot) => self.affordable(expression, spot.clone()),
                None => self.lost(expression, "only a run tells"),
            },
            Expression::UnaryOp(_) => self.lost(expression, "only a run tells"),
        }
    }

    /// Unknown for the reason that the operands are, or for its own.
    pub(super) fn passed(&self, expression: &Expression, operands: &[&Spot]) -> Spot {
        match operands.iter().find_map(|operand| operand.lost()) {
            Some(reason) => Spot::unknown(reason, self.source.place(expression)),
            None => self.lost(expression, "only a run tells"),
        }
    }

    /// What a loop gave that name to.
    fn named(&self, name: &str) -> Option<&Spot> {
        let mut bound = self.bound;
        while let Some(one) = bound {
            if one.name == name {
                return Some(&one.spot);
            }
            bound = one.outer;
        }
        None
    }

    /// Copies of large values cost as much as what they are made of.
    pub(super) fn affordable(&self, expression: &Expression, spot: Spot) -> Spot {
        let is_affordable = self.scope.is_none_or(|scope| scope.burn(weight(&spot)));
        if is_affordable { spot } else { self.lost(expression, "it refers too far") }
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

    /// `[for name, database in var.databases : database.version if database.enabled]`
    fn comprehension(&self, expression: &'a Expression, each: &'a ForExpr, depth: u32) -> Spot {
        let over = self.eval(&each.intro.collection_expr, depth);
        let items = pairs(&over).filter(|items| items.len() <= MAX_ITEMS && self.scope.is_some() && !each.grouping);
        let Some(items) = items else { return self.passed(expression, &[&over]) };
        let (mut list, mut map) = (Vec::new(), Map::default());
        for (key, value) in items {
            let name = each.intro.key_var.as_ref().map(|name| name.as_str());
            let outer = name.map(|name| Bound { name, spot: key, outer: self.bound });
            let outer = outer.as_ref().or(self.bound);
            let bound = Bound { name: each.intro.value_var.as_str(), spot: value, outer };
            let inner = Eval { bound: Some(&bound), ..*self };
            let test = each.cond.as_ref().map(|test| inner.eval(&test.expr, depth));
            match test.as_ref().map(boolean) {
                Some(Some(false)) => continue,
                Some(None) => return self.passed(expression, &test.iter().collect::<Vec<_>>()),
                Some(Some(true)) | None => {}
            }
            let value = inner.eval(&each.value_expr, depth);
            match each.key_expr.as_ref().map(|key| inner.eval(key, depth)) {
                None => list.push(value),
                Some(key) => match key.scalar() {
                    Some(name) => drop(map.entries.insert(name.to_owned(), value)),
                    None => return self.passed(expression, &[&key]),
                },
            }
        }
        let value = if each.key_expr.is_some() { Value::Map(map) } else { Value::List(list) };
        Spot::new(value, self.source.place(expression))
    }

    fn template(&self, template: &'a Template, at: Place, depth: u32) -> Spot {
        let mut parts = Vec::new();
        for element in template {
            parts.push(match element {
                Element::Literal(text) => Spot::new(Value::text(text.as_str()), at.clone()),
                Element::Interpolation(inner) => self.eval(&inner.expr, depth),
                Element::Directive(directive) => self.directive(directive, &at, depth),
            });
        }
        match &parts[..] {
            // Nothing but a reference: the value is written there.
            [only] => only.clone(),
            _ => concat(parts, at),
        }
    }

    /// `%{ if var.is_old }15%{ else }16%{ endif }`
    fn directive(&self, directive: &'a Directive, at: &Place, depth: u32) -> Spot {
        let lost = || Spot::unknown(format!("a template directive at line {}", at.line), at.clone());
        let Directive::If(choice) = directive else { return lost() };
        if depth > MAX_DEPTH || !self.scope.is_none_or(|scope| scope.burn(1)) {
            return lost();
        }
        let test = self.eval(&choice.if_expr.cond_expr, depth + 1);
        let yes = self.template(&choice.if_expr.template, at.clone(), depth + 1);
        let no = choice.else_expr.as_ref().map(|other| self.template(&other.template, at.clone(), depth + 1));
        let no = no.unwrap_or_else(|| Spot::new(Value::text(""), at.clone()));
        choose(boolean(&test), yes, no, || {
            let why = test.lost().unwrap_or("only a run tells");
            format!("a template directive at line {} cannot be decided: {why}", at.line)
        })
    }

    fn step(&self, operators: &'a [Decorated<TraversalOperator>], index: usize, depth: u32) -> Option<Step> {
        let (operator, rest) = operators.get(index..)?.split_first()?;
        Some(match operator.value() {
            TraversalOperator::GetAttr(name) => Step::Part(name.as_str().to_owned()),
            TraversalOperator::LegacyIndex(index) => Step::Part(index.to_string()),
            TraversalOperator::Index(index) => {
                let key = self.eval(index, depth);
                match (key.scalar(), key.lost()) {
                    (Some(key), _) => Step::Part(key.to_owned()),
                    (None, reason) => Step::Unknown(reason.unwrap_or("only a run tells").to_owned()),
                }
            }
            // `list.*.name[0]` is the first of the names, `list[*].names[0]` are the first names.
            TraversalOperator::AttrSplat(_) => Step::Splat(
                rest.iter().take_while(|step| matches!(step.value(), TraversalOperator::GetAttr(_))).count(),
            ),
            TraversalOperator::FullSplat(_) => Step::Splat(rest.len()),
        })
    }

    fn traversal(&self, expression: &'a Expression, traversal: &'a Traversal, depth: u32) -> Spot {
        let operators = &traversal.operators;
        let steps: Vec<Step> = (0..operators.len()).filter_map(|index| self.step(operators, index, depth)).collect();
        let known = steps.iter().map_while(|step| if let Step::Part(part) = step { Some(part.clone()) } else { None });
        let path: Vec<String> = known.collect();
        let (start, used) = match (&traversal.expr, self.scope) {
            (Expression::Variable(root), scope) => match (root.as_str(), self.named(root.as_str()), scope) {
                (_, Some(spot), _) => (self.affordable(expression, spot.clone()), 0),
                (root @ ("each" | "count"), None, _) => match self.instance(root, path.first().map(String::as_str)) {
                    Some(spot) => (self.affordable(expression, spot.clone()), 1),
                    None => return self.lost(expression, EACH),
                },
                (root, None, Some(scope)) => match scope.reference(root, &path, depth) {
                    Ok(found) => found,
                    Err(why) => return self.lost(expression, &why),
                },
                (_, None, None) => return self.lost(expression, "nothing to refer to"),
            },
            (inner, _) => (self.eval(inner, depth), 0),
        };
        self.follow(expression, start, steps.get(used..).unwrap_or_default())
    }

    /// `each.key`, `each.value` or `count.index` of the instance at hand.
    fn instance(&self, root: &str, part: Option<&str>) -> Option<&Spot> {
        let each = self.each?;
        match (root, part) {
            ("each", Some("key")) if !each.is_count => Some(&each.key),
            ("each", Some("value")) if !each.is_count => Some(&each.value),
            ("count", Some("index")) if each.is_count => Some(&each.key),
            _ => None,
        }
    }

    fn follow(&self, expression: &Expression, start: Spot, steps: &[Step]) -> Spot {
        let mut spot = start;
        for (index, step) in steps.iter().enumerate() {
            if spot.lost().is_some() {
                return spot;
            }
            spot = match (step, spot.value) {
                (Step::Part(part), value) => match part_of(&Spot::new(value, spot.at), part) {
                    Some(entry) => entry,
                    None => return self.lost(expression, MISSING),
                },
                (Step::Splat(taken), value) => {
                    let (each, rest) = steps[index + 1..].split_at(*taken);
                    let at = spot.at.clone();
                    let items = match value {
                        Value::List(items) => items,
                        Value::Nothing => Vec::new(),
                        other => vec![Spot::new(other, spot.at)],
                    };
                    let items = items.into_iter().map(|item| self.follow(expression, item, each)).collect();
                    return self.follow(expression, Spot::new(Value::List(items), at), rest);
                }
                (Step::Unknown(reason), value) => {
                    let rest = steps.get(index + 1..).unwrap_or_default();
                    let values = pairs(&Spot::new(value, spot.at)).unwrap_or_default().into_iter();
                    let values: Vec<Spot> = values.map(|(_, value)| self.follow(expression, value, rest)).collect();
                    return agreed(&values).unwrap_or_else(|| self.lost(expression, reason));
                }
            };
        }
        spot
    }
}

/// An attribute or item; `None` when it is known that there is none.
pub(super) fn part_of(spot: &Spot, part: &str) -> Option<Spot> {
    match &spot.value {
        Value::Map(map) if map.open.is_none() => map.entries.get(part).cloned(),
        Value::List(items) => items.get(part.parse::<usize>().ok()?).cloned(),
        _ => spot.entry(part),
    }
}

/// The keys and values that a loop goes over, when they are all known.
pub(super) fn pairs(spot: &Spot) -> Option<Vec<(Spot, Spot)>> {
    match &spot.value {
        Value::Map(map) if map.open.is_none() => {
            let pair = |(key, value): (&String, &Spot)| {
                (Spot::new(Value::text(key.as_str()), value.at.clone()), value.clone())
            };
            Some(map.entries.iter().map(pair).collect())
        }
        Value::List(items) => {
            let pair = |(index, item): (usize, &Spot)| {
                (Spot::new(Value::Number(index.to_string()), item.at.clone()), item.clone())
            };
            Some(items.iter().enumerate().map(pair).collect())
        }
        _ => None,
    }
}

/// The value that all of them are; whichever is meant, it is this.
pub(super) fn agreed(values: &[Spot]) -> Option<Spot> {
    let (first, others) = values.split_first()?;
    let is_known = first.scalar().is_some() && others.iter().all(|other| other.value.same(&first.value) == Some(true));
    is_known.then(|| first.clone())
}

/// Of how many values a value is made.
pub(super) fn weight(spot: &Spot) -> u32 {
    match &spot.value {
        Value::List(items) => items.iter().fold(1, |sum, item| sum.saturating_add(weight(item))),
        Value::Map(map) => map.entries.values().fold(1, |sum, item| sum.saturating_add(weight(item))),
        _ => 1,
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

fn operate(operator: BinaryOperator, left: &Spot, right: &Spot) -> Option<Value> {
    let holds = match operator {
        BinaryOperator::Eq => left.value.same(&right.value),
        BinaryOperator::NotEq => left.value.same(&right.value).map(|same| !same),
        BinaryOperator::And => both(boolean(left), boolean(right)),
        BinaryOperator::Or => {
            both(boolean(left).map(|holds| !holds), boolean(right).map(|holds| !holds)).map(|neither| !neither)
        }
        BinaryOperator::Greater => compare(left, right).map(Ordering::is_gt),
        BinaryOperator::GreaterEq => compare(left, right).map(Ordering::is_ge),
        BinaryOperator::Less => compare(left, right).map(Ordering::is_lt),
        BinaryOperator::LessEq => compare(left, right).map(Ordering::is_le),
        _ => return whole(operator, left.scalar()?.parse().ok()?, right.scalar()?.parse().ok()?),
    };
    holds.map(Value::Bool)
}

/// Sums of whole numbers; fractions are for no count and no index.
fn whole(operator: BinaryOperator, left: i64, right: i64) -> Option<Value> {
    let sum = match operator {
        BinaryOperator::Plus => left.checked_add(right)?,
        BinaryOperator::Minus => left.checked_sub(right)?,
        BinaryOperator::Mul => left.checked_mul(right)?,
        BinaryOperator::Div if left.checked_rem(right)? == 0 => left.checked_div(right)?,
        BinaryOperator::Mod => left.checked_rem(right)?,
        _ => return None,
    };
    Some(Value::Number(sum.to_string()))
}

fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn compare(left: &Spot, right: &Spot) -> Option<Ordering> {
    left.scalar()?.parse::<f64>().ok()?.partial_cmp(&right.scalar()?.parse::<f64>().ok()?)
}
