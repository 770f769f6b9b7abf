//! Evaluates expressions to values, within a budget. Locals and variables are evaluated when something needs them,
//! once; so an error in a local that nothing uses stops nobody.

mod convert;
mod function;
mod json;
mod literal;
mod operation;
mod template;
mod traversal;

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use hcl_edit::{Span, expr::Expression};

use crate::{
    declarations::{Declarations, Definition},
    path::Path,
    report::Report,
    source::{At, Sources},
    value::{Answer, Kind, Needs, Value},
};

/// One unit is about one value made or looked at, or eight bytes of text: a few hundred milliseconds at the very worst.
const BUDGET: usize = 1_000_000;

/// Expressions within expressions, through locals too; each level takes stack.
const DEEPEST_EVALUATION: usize = 120;

/// Err gives up: the value is unknown, or an error about it was reported.
pub(crate) type Evaluated<T = Value> = Result<T, Value>;

/// What an expression is evaluated within.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'c> {
    pub(crate) file: u16,
    pub(crate) path: &'c Path<'c>,
    scope: Option<&'c Scope<'c>>,
    /// In the values of variables, which may refer to nothing.
    constant: bool,
}

/// A name bound by a `for`.
#[derive(Debug)]
struct Scope<'c> {
    parent: Option<&'c Scope<'c>>,
    name: &'c str,
    value: Value,
}

impl<'c> Context<'c> {
    pub(crate) const fn new(file: u16, path: &'c Path<'c>) -> Self {
        Self { file, path, scope: None, constant: false }
    }

    const fn within(self, path: &'c Path<'c>) -> Self {
        Self { path, ..self }
    }

    fn lookup(&self, name: &str) -> Option<&'c Value> {
        let mut scope = self.scope;
        while let Some(found) = scope {
            if found.name == name {
                return Some(&found.value);
            }
            scope = found.parent;
        }
        None
    }
}

enum Memo {
    Evaluating,
    Done(Value),
}

pub(crate) struct Evaluator<'t> {
    sources: &'t Sources<'t>,
    declarations: &'t Declarations<'t>,
    answers: &'t BTreeMap<String, String>,
    pub(crate) report: Report,
    memos: HashMap<(Space, &'t str), Memo>,
    /// In the order they were finished, so that a failed `try` can forget its own.
    finished: Vec<(Space, &'t str)>,
    /// None once it was exceeded.
    budget: Option<usize>,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Space {
    Local,
    Variable,
}

impl<'t> Evaluator<'t> {
    pub(crate) fn new(
        sources: &'t Sources<'t>,
        declarations: &'t Declarations<'t>,
        answers: &'t BTreeMap<String, String>,
    ) -> Self {
        Self {
            sources,
            declarations,
            answers,
            report: Report::default(),
            memos: HashMap::new(),
            finished: Vec::new(),
            budget: Some(BUDGET),
            depth: 0,
        }
    }

    pub(crate) fn evaluate(&mut self, expr: &'t Expression, context: Context<'_>) -> Value {
        let at = start(expr, context.file);
        self.deeper(at, context, |evaluator| evaluator.expression(expr, at, context))
            .unwrap_or_else(|given_up| given_up)
    }

    /// Every way of one evaluation into another leads through here, so that no text overflows the stack.
    fn deeper<T>(
        &mut self,
        at: At,
        context: Context<'_>,
        evaluate: impl FnOnce(&mut Self) -> Evaluated<T>,
    ) -> Evaluated<T> {
        if self.depth >= DEEPEST_EVALUATION {
            let message = "expressions and locals refer to one another too deeply: flatten them";
            return Err(self.fail(at, context, message));
        }
        self.depth += 1;
        let result = evaluate(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self, expr: &'t Expression, at: At, context: Context<'_>) -> Evaluated {
        self.charge(1, at, context)?;
        let kind = match expr {
            Expression::Null(_) => Kind::Null,
            Expression::Bool(flag) => Kind::Flag(**flag),
            Expression::Number(number) => {
                let number = number.as_f64().filter(|number| number.is_finite());
                Kind::Number(number.ok_or_else(|| self.fail(at, context, "this number is too large"))?)
            }
            Expression::String(text) => {
                self.charge(text.len() / 8, at, context)?;
                Kind::Text(text.as_str().into())
            }
            Expression::Array(array) => return self.array(array, at, context),
            Expression::Object(object) => return self.object(object, at, context),
            Expression::StringTemplate(template) => return self.template(template, at, context),
            Expression::HeredocTemplate(heredoc) => return self.template(&heredoc.template, at, context),
            Expression::Parenthesis(inner) => return Ok(self.evaluate(inner.inner(), context)),
            Expression::Variable(name) => return self.bare_name(name.as_str(), at, context),
            Expression::Traversal(traversal) => return self.traversal(traversal, at, context),
            Expression::Conditional(conditional) => return self.conditional(conditional, at, context),
            Expression::UnaryOp(operation) => return self.unary(operation, at, context),
            Expression::BinaryOp(operation) => return self.binary(operation, at, context),
            Expression::FuncCall(call) => return self.call(call, at, context),
            Expression::ForExpr(for_expr) => return self.for_expression(for_expr, at, context),
        };
        Ok(Value::new(kind, at))
    }

    /// Reports, and is what stands in for the value.
    fn fail(&mut self, at: At, context: Context<'_>, message: impl std::fmt::Display) -> Value {
        self.report.push(at, format!("`{}`: {message}", context.path));
        Value::poison(at)
    }

    fn charge(&mut self, cost: usize, at: At, context: Context<'_>) -> Evaluated<()> {
        match self.budget.and_then(|budget| budget.checked_sub(cost)) {
            Some(left) => {
                self.budget = Some(left);
                Ok(())
            }
            // Said once; all that follows gives up without a word.
            None if self.budget.is_none() => Err(Value::poison(at)),
            None => {
                self.budget = None;
                Err(self.fail(
                    at,
                    context,
                    "evaluating this makes too much of it: name fewer things twice, or write it out",
                ))
            }
        }
    }

    fn list(&mut self, items: Vec<Value>, at: At, context: Context<'_>) -> Evaluated {
        self.charge(items.len(), at, context)?;
        Value::list(items, at).ok_or_else(|| self.too_deep(at, context))
    }

    fn too_deep(&mut self, at: At, context: Context<'_>) -> Value {
        self.fail(at, context, "this value is nested too deeply: flatten it")
    }

    fn new_text(&mut self, text: &str, at: At, context: Context<'_>) -> Evaluated {
        self.charge(1 + text.len() / 8, at, context)?;
        Ok(Value::text(text, at))
    }

    /// The user's answer, or a value to be asked for. An empty answer is none: forms send their empty fields too.
    pub(crate) fn ask(&self, reference: &str, at: At) -> Value {
        let reference: Rc<str> = reference.into();
        let answer =
            self.answers.get(&*reference).map(|answer| answer.trim()).filter(|text| !text.is_empty());
        let kind = match answer {
            Some(text) => Kind::Given(Rc::new(Answer { reference, text: text.into() })),
            None => Kind::Unknown(Rc::new(Needs::from([(reference, at)]))),
        };
        Value::new(kind, at)
    }

    /// What all of them need, so that the user is asked once for everything.
    fn unknown<'v>(
        &mut self,
        values: impl IntoIterator<Item = &'v Value>,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<()> {
        let mut needs: Option<Rc<Needs>> = None;
        for value in values {
            match (&value.kind, &mut needs) {
                (Kind::Poison, _) => return Err(value.clone()),
                (Kind::Unknown(more), None) => needs = Some(Rc::clone(more)),
                (Kind::Unknown(more), Some(needs)) => {
                    self.charge(more.len(), at, context)?;
                    let needs = Rc::make_mut(needs);
                    for (reference, at) in more.iter() {
                        needs.entry(Rc::clone(reference)).or_insert(*at);
                    }
                }
                _ => {}
            }
        }
        needs.map_or(Ok(()), |needs| Err(Value::new(Kind::Unknown(needs), at)))
    }

    fn local(&mut self, name: &str, at: At, context: Context<'_>) -> Value {
        let Some((&name, &definition)) = self.declarations.locals.get_key_value(name) else {
            let known = self.declarations.locals.keys().copied();
            let meant = crate::nearest::did_you_mean(name, known);
            let fix = if meant.is_empty() {
                "; add it to a `locals` block, or the file that has it"
            } else {
                &meant
            };
            return self.fail(at, context, format_args!("`local.{name}` is not declared{fix}"));
        };
        let space = Path::Module.field("local");
        let path = space.field(name);
        let within = Context::new(definition.file, &path);
        self.memoized(Space::Local, name, definition, within, at, context)
    }

    fn variable(&mut self, name: &str, at: At, context: Context<'_>) -> Value {
        let declarations = self.declarations;
        let default = declarations.variables.get_key_value(name);
        let definition = match declarations.variable_values.get_key_value(name) {
            Some((&name, &definition)) => Some((name, definition)),
            None => default.and_then(|(&name, default)| default.map(|default| (name, default))),
        };
        let Some((name, definition)) = definition else {
            return self.ask(&format!("var.{name}"), at);
        };
        let space = Path::Module.field("var");
        let path = space.field(name);
        let within = Context { constant: true, ..Context::new(definition.file, &path) };
        self.memoized(Space::Variable, name, definition, within, at, context)
    }

    fn memoized(
        &mut self,
        space: Space,
        name: &'t str,
        definition: Definition<'t>,
        within: Context<'_>,
        used_at: At,
        user: Context<'_>,
    ) -> Value {
        match self.memos.get(&(space, name)) {
            Some(Memo::Done(value)) => return value.clone(),
            Some(Memo::Evaluating) => {
                let message =
                    format!("`{}` needs itself, through its own value: break the circle", within.path);
                return self.fail(used_at, user, message);
            }
            None => {}
        }
        self.memos.insert((space, name), Memo::Evaluating);
        let value = self.evaluate(definition.expr, within);
        self.memos.insert((space, name), Memo::Done(value.clone()));
        self.finished.push((space, name));
        value
    }

    /// None where it failed; then nothing was reported, and nothing that failed is remembered.
    fn attempt(&mut self, expr: &'t Expression, context: Context<'_>) -> Option<Value> {
        let (mark, finished) = (self.report.mark(), self.finished.len());
        let value = self.evaluate(expr, context);
        if self.report.forget_since(mark) {
            for key in self.finished.drain(finished..) {
                self.memos.remove(&key);
            }
            return None;
        }
        (!matches!(value.kind, Kind::Poison)).then_some(value)
    }
}

/// Where the expression starts. A chain of operators has a place of its own only as a whole.
fn start(mut expr: &Expression, file: u16) -> At {
    loop {
        if expr.span().is_some() {
            return crate::declarations::at(file, expr);
        }
        expr = match expr {
            Expression::BinaryOp(operation) => &operation.lhs_expr,
            Expression::Conditional(conditional) => &conditional.cond_expr,
            Expression::Traversal(traversal) => &traversal.expr,
            _ => return At { file, offset: 0 },
        };
    }
}
