//! Verbs. A verb that is not possible now stays in its place and says why.

use domain::Timestamp;
use leptos::prelude::*;

use super::{
    icon::{Icon, icon},
    moment::until,
};

/// The verb of a form. With a reason it is disabled: it cannot submit, and the reason stands beside it.
#[component]
pub fn Submit(
    #[prop(into)] label: String,
    /// Ties the reason to the button: unique on the page.
    #[prop(into)]
    id: String,
    #[prop(optional)] primary: bool,
    /// Why it is not possible, as a sentence. Empty: it is possible.
    #[prop(default = None)]
    blocked: Option<String>,
    /// While the answer is under way.
    #[prop(into, optional)]
    busy: Signal<bool>,
    /// Sent with the form, where it has more than one verb.
    #[prop(optional)]
    name: Option<&'static str>,
    #[prop(optional)] value: Option<&'static str>,
) -> impl IntoView {
    let class = if primary { "btn primary" } else { "btn" };
    let reason_id = format!("{id}-reason");
    match blocked {
        Some(reason) => view! {
            <span class="reason sm" id=reason_id.clone()>
                {icon(Icon::Lock)}
                <span>{reason}</span>
            </span>
            <button type="button" class=class id=id aria-disabled="true" aria-describedby=reason_id>
                {label}
            </button>
        }
        .into_any(),
        None => view! {
            <button
                type="submit"
                class=class
                id=id
                name=name
                value=value
                aria-busy=move || busy.get().then_some("true")
            >
                {label}
            </button>
        }
        .into_any(),
    }
}

/// A link in the shape of a button that leads to a form. With a reason it leads nowhere, and the reason stands beside it.
#[component]
pub fn LockedLink(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    /// Ties the reason to the button: unique on the page.
    id: &'static str,
    #[prop(optional)] primary: bool,
    /// Why it is not possible, as a sentence.
    blocked: Option<String>,
    /// When the reason ends by itself.
    #[prop(default = None)]
    opens: Option<Timestamp>,
) -> AnyView {
    let class = if primary { "btn primary" } else { "btn" };
    match blocked {
        Some(reason) => {
            let reason_id = format!("{id}-reason");
            view! {
                <span class="reason sm" id=reason_id.clone()>
                    {icon(Icon::Lock)}
                    <span>{reason} {opens.map(|at| view! { " Possible " {until(at)} "." })}</span>
                </span>
                <button type="button" class=class id=id aria-disabled="true" aria-describedby=reason_id>
                    {label}
                </button>
            }
            .into_any()
        }
        None => view! {
            <a class=class id=id href=href>
                {label}
            </a>
        }
        .into_any(),
    }
}

/// A link in the shape of a button.
#[component]
pub fn ButtonLink(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    view! {
        <a class=if primary { "btn primary" } else { "btn" } href=href>
            {label}
        </a>
    }
}
