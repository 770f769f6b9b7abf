//! A plan as text.

use super::Plan;

pub fn render(plan: &Plan) -> String {
    plan.actions.iter().map(|action| format!("{}\n", action.title())).collect()
}
