//! Functions of numbers.

use super::Call;
use crate::{
    evaluate::{Evaluated, Evaluator},
    value::{Kind, Value},
};

impl Evaluator<'_> {
    pub(super) fn number_function(&mut self, call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let numbers = call.arguments.iter().map(|value| self.number(value, call.subject(), at, context));
        let numbers = numbers.collect::<Evaluated<Vec<f64>>>()?;
        let number = match (call.name, numbers.as_slice()) {
            ("abs", [number]) => number.abs(),
            ("ceil", [number]) => number.ceil(),
            ("floor", [number]) => number.floor(),
            ("range", [end]) => return self.range(0.0, *end, if *end < 0.0 { -1.0 } else { 1.0 }, call),
            ("range", [start, end]) => {
                return self.range(*start, *end, if end < start { -1.0 } else { 1.0 }, call);
            }
            ("range", [start, end, step]) => return self.range(*start, *end, *step, call),
            ("min", numbers) => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            (_, numbers) => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        };
        Ok(Value::new(Kind::Number(number), at))
    }

    fn range(&mut self, start: f64, end: f64, step: f64, call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let count = ((end - start) / step).ceil();
        // Terraform's own limit.
        if step == 0.0 || count > 1024.0 {
            return Err(self.fail(at, context, "`range` makes at most 1024 numbers, by a step other than 0"));
        }
        let count = count.max(0.0) as u32;
        let number = |index| Value::new(Kind::Number(step.mul_add(f64::from(index), start)), at);
        self.list((0..count).map(number).collect(), at, context)
    }
}
