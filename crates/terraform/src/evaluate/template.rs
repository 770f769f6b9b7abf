//! Texts with `${…}` and `%{…}` in them, quoted or as heredocs.

use hcl_edit::template::{Directive, Element, ForDirective, IfDirective, Template};

use super::{Context, Evaluated, Evaluator, Scope, start};
use crate::{
    source::At,
    value::{Kind, Value},
};

/// A text in the making, and what it still lacks.
#[derive(Default)]
struct Draft {
    text: String,
    missing: Vec<Value>,
    /// A `~` before: the next literal loses its leading white space.
    trim: bool,
}

impl Draft {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.trim = false;
    }

    /// At `${~` or `%{~`. What an interpolation produced is kept: only literals are trimmed.
    fn trim_end(&mut self, literal_from: usize) {
        self.text.truncate(self.text.trim_end().len().max(literal_from));
    }
}

impl<'t> Evaluator<'t> {
    pub(super) fn template(&mut self, template: &'t Template, at: At, context: Context<'_>) -> Evaluated {
        // `"${x}"` alone is x itself, of whatever type.
        if let Some(Element::Interpolation(interpolation)) = template.as_single_element() {
            return Ok(self.evaluate(&interpolation.expr, context));
        }
        let mut draft = Draft::default();
        self.elements(template, &mut draft, at, context)?;
        self.unknown(&draft.missing, at, context)?;
        Ok(Value::text(&draft.text, at))
    }

    fn elements(
        &mut self,
        template: &'t Template,
        draft: &mut Draft,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<()> {
        let mut literal_from = draft.text.len();
        for element in template {
            self.charge(1, at, context)?;
            match element {
                Element::Literal(literal) => {
                    self.charge(literal.len() / 8, at, context)?;
                    literal_from = draft.text.len();
                    let literal = literal.as_str();
                    draft.push(if draft.trim { literal.trim_start() } else { literal });
                }
                Element::Interpolation(interpolation) => {
                    if interpolation.strip.strip_start() {
                        draft.trim_end(literal_from);
                    }
                    let value = self.evaluate(&interpolation.expr, context);
                    if matches!(value.kind, Kind::Unknown(_) | Kind::Poison) {
                        draft.missing.push(value);
                    } else {
                        let text = self.text(
                            &value,
                            "what stands in `${…}`",
                            start(&interpolation.expr, context.file),
                            context,
                        )?;
                        self.charge(text.len() / 8, at, context)?;
                        draft.push(&text);
                    }
                    literal_from = draft.text.len();
                    draft.trim = interpolation.strip.strip_end();
                }
                Element::Directive(directive) => {
                    let strip = match &**directive {
                        Directive::If(directive) => directive.if_expr.strip,
                        Directive::For(directive) => directive.for_expr.strip,
                    };
                    if strip.strip_start() {
                        draft.trim_end(literal_from);
                    }
                    match &**directive {
                        Directive::If(directive) => self.if_directive(directive, draft, at, context)?,
                        Directive::For(directive) => self.for_directive(directive, draft, at, context)?,
                    }
                    literal_from = draft.text.len();
                }
            }
        }
        Ok(())
    }

    fn nested(
        &mut self,
        template: &'t Template,
        draft: &mut Draft,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<()> {
        self.deeper(at, context, |evaluator| evaluator.elements(template, draft, at, context))
    }

    fn if_directive(
        &mut self,
        directive: &'t IfDirective,
        draft: &mut Draft,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<()> {
        let condition = self.evaluate(&directive.if_expr.cond_expr, context);
        let place = start(&directive.if_expr.cond_expr, context.file);
        let end = directive.endif_expr.strip;
        let (then_end, from) =
            (directive.else_expr.as_ref().map_or(end, |other| other.strip), draft.text.len());
        if self.flag(&condition, "what follows `%{ if`", place, context)? {
            draft.trim = directive.if_expr.strip.strip_end();
            self.nested(&directive.if_expr.template, draft, at, context)?;
            if then_end.strip_start() {
                draft.trim_end(from);
            }
        } else if let Some(other) = &directive.else_expr {
            draft.trim = other.strip.strip_end();
            self.nested(&other.template, draft, at, context)?;
            if end.strip_start() {
                draft.trim_end(from);
            }
        }
        draft.trim = end.strip_end();
        Ok(())
    }

    fn for_directive(
        &mut self,
        directive: &'t ForDirective,
        draft: &mut Draft,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<()> {
        let collection = self.evaluate(&directive.for_expr.collection_expr, context);
        let pairs = self.pairs(&collection, "what `%{ for` walks through", context)?;
        for (key, value) in pairs {
            let name = directive.for_expr.key_var.as_ref().map_or("", |name| name.as_str());
            let outer = Scope { parent: context.scope, name, value: key };
            let inner = Scope { parent: Some(&outer), name: directive.for_expr.value_var.as_str(), value };
            let from = draft.text.len();
            draft.trim = directive.for_expr.strip.strip_end();
            let within = Context { scope: Some(&inner), ..context };
            self.nested(&directive.for_expr.template, draft, at, within)?;
            if directive.endfor_expr.strip.strip_start() {
                draft.trim_end(from);
            }
        }
        draft.trim = directive.endfor_expr.strip.strip_end();
        Ok(())
    }
}
