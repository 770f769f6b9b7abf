//! What a change declares otherwise, field by field.

use domain::{plan, view::change::ShownDeclaration};

use crate::schema::wire;

wire! { answer
    /// A declared field that a change adds, takes away or gives another value.
    FieldDifference {
        /// As declared, with templates and pools by their names: `agent_pools["web"].target_size`.
        attribute: String,
        /// Null: it held nothing.
        before: Option<String>,
        /// Null: it holds nothing any more.
        after: Option<String>,
    }
}

wire! { answer
    /// What is declared otherwise than in the generation that the plan follows, whether or not a step follows from it. What is new
    /// or gone as a whole is there field by field, where a value of several lines is told by its length.
    Differences {
        /// Nothing was declared before: the fields are those of the first declaration.
        first: bool,
        /// In the declaration's order.
        fields: Vec<FieldDifference>,
    }
}

impl From<&plan::FieldChange> for FieldDifference {
    fn from(change: &plan::FieldChange) -> Self {
        Self {
            attribute: change.attribute.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        }
    }
}

impl From<&ShownDeclaration> for Differences {
    fn from(declared: &ShownDeclaration) -> Self {
        Self {
            first: declared.first,
            fields: declared.fields.shown.iter().map(FieldDifference::from).collect(),
        }
    }
}
