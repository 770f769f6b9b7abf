//! Form fields: a label, the input, and what is wrong with it or what helps. The id of a field is its name unless said
//! otherwise, so that a list of refusals can link to it.

use leptos::prelude::*;

use super::glyph::{State, glyph};

/// What a field is sent as, its text, and what is wrong with that.
#[derive(Clone, Debug)]
pub struct Bound {
    pub name: String,
    pub value: String,
    pub problem: MaybeProp<String>,
}

impl Bound {
    /// A box to tick.
    pub fn tick(name: impl Into<String>, ticked: bool) -> Self {
        (name, if ticked { TICKED } else { "" }).into()
    }
}

impl<N: Into<String>, V: Into<String>> From<(N, V)> for Bound {
    fn from((name, value): (N, V)) -> Self {
        Self { name: name.into(), value: value.into(), problem: MaybeProp::default() }
    }
}

/// What a box that is ticked sends.
const TICKED: &str = "on";

/// What is sent, and what is read instead, of each option.
pub fn options<const N: usize>(options: [(&str, &str); N]) -> Vec<(String, String)> {
    options.map(|(sent, read)| (sent.to_owned(), read.to_owned())).to_vec()
}

/// One line of text.
#[component]
pub fn TextField(
    /// The name, where none is given.
    #[prop(into, optional)]
    id: Option<String>,
    #[prop(into)] field: Bound,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: MaybeProp<String>,
    #[prop(into, optional)] placeholder: String,
    #[prop(optional)] mono: bool,
    #[prop(optional)] required: bool,
    /// It can be read and is sent, not changed.
    #[prop(optional)]
    readonly: bool,
    /// What may be meant, offered while typing.
    #[prop(optional)]
    suggestions: Vec<String>,
    /// The id of the form, where the field stands outside of it.
    #[prop(into, optional)]
    form: Option<String>,
    /// Follows what is typed.
    #[prop(optional)]
    typed: Option<RwSignal<String>>,
) -> AnyView {
    let Bound { name, value, problem } = field;
    let field = Field::new(id.unwrap_or_else(|| name.clone()), hint, problem);
    let list = (!suggestions.is_empty()).then(|| format!("{}-list", field.id));
    let options = suggestions.into_iter().map(|value| view! { <option value=value></option> }).collect_view();
    let input = view! {
        <input
            class=if mono { "input mono" } else { "input" }
            type="text"
            id=field.id.clone()
            name=name
            value=value
            placeholder=placeholder
            required=required
            readonly=readonly
            form=form
            list=list.clone()
            autocomplete="off"
            spellcheck="false"
            aria-invalid=field.invalid()
            aria-describedby=field.described()
            on:input=move |event| {
                if let Some(typed) = typed {
                    typed.set(event_target_value(&event));
                }
            }
        />
        {list.map(|id| view! { <datalist id=id>{options}</datalist> })}
    };
    field.around(label, input)
}

/// A number, with its unit behind it.
#[component]
pub fn NumberField(
    #[prop(into)] field: Bound,
    #[prop(into)] label: String,
    /// `GB`, `s`, `VMs`.
    #[prop(into, optional)]
    unit: String,
    #[prop(into, optional)] hint: MaybeProp<String>,
    /// What stands for nothing: the value that is inherited.
    #[prop(into, optional)]
    placeholder: String,
    #[prop(optional)] required: bool,
    /// Decimals are allowed.
    #[prop(optional)]
    decimal: bool,
) -> AnyView {
    let Bound { name, value, problem } = field;
    let field = Field::new(name.clone(), hint, problem);
    let input = view! {
        <span class="with-unit">
            <input
                class="input"
                type="text"
                inputmode=if decimal { "decimal" } else { "numeric" }
                id=field.id.clone()
                name=name
                value=value
                placeholder=placeholder
                required=required
                autocomplete="off"
                aria-invalid=field.invalid()
                aria-describedby=field.described()
            />
            {(!unit.is_empty()).then(|| view! { <span class="muted">{unit}</span> })}
        </span>
    };
    field.around(label, input)
}

/// One of a few values. `options` are pairs of what is sent and what is read.
#[component]
pub fn SelectField(
    #[prop(into)] field: Bound,
    #[prop(into)] label: String,
    options: Vec<(String, String)>,
    #[prop(into, optional)] hint: MaybeProp<String>,
) -> AnyView {
    let Bound { name, value, problem } = field;
    let field = Field::new(name.clone(), hint, problem);
    let options = options
        .into_iter()
        .map(|(sent, read)| {
            let selected = sent == value;
            view! {
                <option value=sent selected=selected>
                    {read}
                </option>
            }
        })
        .collect_view();
    let input = view! {
        <select
            class="input"
            id=field.id.clone()
            name=name
            autocomplete="off"
            aria-invalid=field.invalid()
            aria-describedby=field.described()
        >
            {options}
        </select>
    };
    field.around(label, input)
}

/// A yes, or its absence.
#[component]
pub fn CheckField(
    /// Of a ticked box any text but the empty one.
    #[prop(into)]
    field: Bound,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: MaybeProp<String>,
) -> AnyView {
    let Bound { name, value, problem } = field;
    let ticked = !value.is_empty();
    let field = Field::new(name.clone(), hint, problem);
    let id = field.id.clone();
    view! {
        <div class="field">
            <div class="tick">
                <input
                    type="checkbox"
                    id=id.clone()
                    name=name
                    value=TICKED
                    checked=ticked
                    autocomplete="off"
                    aria-invalid=field.invalid()
                    aria-describedby=field.described()
                />
                <label for=id>{label}</label>
            </div>
            {field.help()}
        </div>
    }
    .into_any()
}

/// Several lines: a text, a list with one entry a line, a map with `key = value` a line (see [`super::lines`]).
#[component]
pub fn LinesField(
    #[prop(into)] field: Bound,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: MaybeProp<String>,
    #[prop(into, optional)] placeholder: String,
) -> AnyView {
    let Bound { name, value, problem } = field;
    let field = Field::new(name.clone(), hint, problem);
    let rows = value.lines().count().max(placeholder.lines().count()).clamp(2, 12).to_string();
    let input = view! {
        <textarea
            class="input lines"
            id=field.id.clone()
            name=name
            rows=rows
            placeholder=placeholder
            autocomplete="off"
            spellcheck="false"
            aria-invalid=field.invalid()
            aria-describedby=field.described()
        >
            {value}
        </textarea>
    };
    field.around(label, input)
}

/// What all kinds of fields share.
struct Field {
    id: String,
    hint: MaybeProp<String>,
    problem: MaybeProp<String>,
}

impl Field {
    const fn new(id: String, hint: MaybeProp<String>, problem: MaybeProp<String>) -> Self {
        Self { id, hint, problem }
    }

    fn invalid(&self) -> impl Fn() -> Option<&'static str> + use<> {
        let problem = self.problem;
        move || problem.get().map(|_| "true")
    }

    fn described(&self) -> impl Fn() -> Option<String> + use<> {
        let (hint, problem, id) = (self.hint, self.problem, format!("{}-hint", self.id));
        move || (hint.get().is_some() || problem.get().is_some()).then(|| id.clone())
    }

    /// What stands under the input.
    fn help(&self) -> impl IntoView + use<> {
        let (hint, problem, id) = (self.hint, self.problem, format!("{}-hint", self.id));
        move || match (problem.get(), hint.get()) {
            (Some(problem), _) => view! {
                <p class="reason sm" id=id.clone() data-s="crit">
                    {glyph(State::Crit)}
                    <span>{problem}</span>
                </p>
            }
            .into_any(),
            (None, Some(hint)) => view! {
                <p class="sm muted break" id=id.clone()>
                    {hint}
                </p>
            }
            .into_any(),
            (None, None) => ().into_any(),
        }
    }

    fn around(self, label: String, input: impl IntoView) -> AnyView {
        let help = self.help();
        view! {
            <div class="field">
                <label for=self.id>{label}</label>
                {input}
                {help}
            </div>
        }
        .into_any()
    }
}
