//! Operators and conditionals.

use hcl_edit::expr::{BinaryOp, BinaryOperator, Conditional, UnaryOp, UnaryOperator};

use super::{Context, Evaluated, Evaluator};
use crate::{
    source::At,
    value::{Kind, Value},
};

impl<'t> Evaluator<'t> {
    pub(super) fn conditional(&mut self, expr: &'t Conditional, at: At, context: Context<'_>) -> Evaluated {
        let condition = self.evaluate(&expr.cond_expr, context);
        let chosen = self.flag(&condition, "the condition before `?`", at, context)?;
        Ok(self.evaluate(if chosen { &expr.true_expr } else { &expr.false_expr }, context))
    }

    pub(super) fn unary(&mut self, operation: &'t UnaryOp, at: At, context: Context<'_>) -> Evaluated {
        let value = self.evaluate(&operation.expr, context);
        let kind = match operation.operator.value() {
            UnaryOperator::Neg => Kind::Number(-self.number(&value, "what follows `-`", at, context)?),
            UnaryOperator::Not => Kind::Flag(!self.flag(&value, "what follows `!`", at, context)?),
        };
        Ok(Value::new(kind, at))
    }

    pub(super) fn binary(&mut self, operation: &'t BinaryOp, at: At, context: Context<'_>) -> Evaluated {
        use BinaryOperator as Op;
        let operator = *operation.operator.value();
        let left = self.evaluate(&operation.lhs_expr, context);
        let right = self.evaluate(&operation.rhs_expr, context);
        self.unknown([&left, &right], at, context)?;
        let subject = format!("each side of `{}`", operator.as_str());
        let kind = match operator {
            Op::Eq => Kind::Flag(self.equal(&left, &right, at, context)?),
            Op::NotEq => Kind::Flag(!self.equal(&left, &right, at, context)?),
            Op::And | Op::Or => {
                let left = self.flag(&left, &subject, at, context)?;
                let right = self.flag(&right, &subject, at, context)?;
                Kind::Flag(if operator == Op::And { left && right } else { left || right })
            }
            _ => {
                let left = self.number(&left, &subject, at, context)?;
                let right = self.number(&right, &subject, at, context)?;
                match operator {
                    Op::Less => Kind::Flag(left < right),
                    Op::LessEq => Kind::Flag(left <= right),
                    Op::Greater => Kind::Flag(left > right),
                    Op::GreaterEq => Kind::Flag(left >= right),
                    Op::Plus => Kind::Number(left + right),
                    Op::Minus => Kind::Number(left - right),
                    Op::Mul => Kind::Number(left * right),
                    Op::Div => Kind::Number(left / right),
                    _ => Kind::Number(left % right),
                }
            }
        };
        match kind {
            Kind::Number(number) if !number.is_finite() => Err(self.fail(
                at,
                context,
                format_args!("`{}` has no finite result: is its right side 0?", operator.as_str()),
            )),
            kind => Ok(Value::new(kind, at)),
        }
    }

    /// As Terraform compares: the number 1 is not the text "1". Only an answer, which comes as text, takes the other's type.
    pub(super) fn equal(
        &mut self,
        left: &Value,
        right: &Value,
        at: At,
        context: Context<'_>,
    ) -> Evaluated<bool> {
        self.charge(1, at, context)?;
        self.unknown([left, right], at, context)?;
        Ok(match (&left.kind, &right.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Flag(left), Kind::Flag(right)) => left == right,
            (Kind::Number(left), Kind::Number(right)) => same(*left, *right),
            (Kind::Text(left), Kind::Text(right)) => {
                self.charge(left.len() / 8, at, context)?;
                left == right
            }
            (Kind::Given(_), Kind::Number(number)) => {
                left.as_number().is_some_and(|left| same(left, *number))
            }
            (Kind::Number(number), Kind::Given(_)) => {
                right.as_number().is_some_and(|right| same(right, *number))
            }
            (Kind::Given(_), Kind::Flag(_) | Kind::Text(_) | Kind::Given(_))
            | (Kind::Flag(_) | Kind::Text(_), Kind::Given(_)) => left.as_text() == right.as_text(),
            (Kind::List(left), Kind::List(right)) => {
                if left.items.len() != right.items.len() {
                    return Ok(false);
                }
                for (left, right) in left.items.iter().zip(&right.items) {
                    if !self.equal(left, right, at, context)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Kind::Object(left), Kind::Object(right)) => {
                if !left.entries.keys().eq(right.entries.keys()) {
                    return Ok(false);
                }
                for (left, right) in left.entries.values().zip(right.entries.values()) {
                    if !self.equal(&left.value, &right.value, at, context)? {
                        return Ok(false);
                    }
                }
                true
            }
            _ => false,
        })
    }
}

#[expect(clippy::float_cmp, reason = "declared numbers are compared as they were written, as Terraform does")]
fn same(left: f64, right: f64) -> bool {
    left == right
}
