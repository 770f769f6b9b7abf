//! The head of a page: where it is, its one `<h1>`, the sentence that answers its question, and its verbs.

use leptos::{html, prelude::*};

use super::focus::FocusOnArrival;

/// One step of the way to the page. The last has no link: it is the page.
#[derive(Clone, Debug)]
pub struct Crumb {
    pub label: String,
    pub href: Option<String>,
}

impl Crumb {
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: Some(href.into()) }
    }

    pub fn here(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None }
    }
}

#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    /// Answers the page's question in one sentence.
    #[prop(into, optional)]
    lead: ViewFn,
    #[prop(optional)] crumbs: Vec<Crumb>,
    /// Beside the title.
    #[prop(into, optional)]
    badges: ViewFn,
    /// Small facts under the sentence.
    #[prop(into, optional)]
    facts: Option<ViewFn>,
    #[prop(into, optional)] actions: Option<ViewFn>,
) -> AnyView {
    let heading = NodeRef::<html::H1>::new();
    FocusOnArrival::watch(heading);
    view! {
        <header class="page-head">
            <div>
                {(!crumbs.is_empty()).then(|| breadcrumbs(crumbs))} <div class="cluster">
                    <h1 tabindex="-1" node_ref=heading>
                        {title}
                    </h1>
                    {move || badges.run()}
                </div> <p class="lead">{move || lead.run()}</p>
                {facts.map(|facts| view! { <p class="facts sm muted">{move || facts.run()}</p> })}
            </div>
            {actions.map(|actions| view! { <div class="cluster actions">{move || actions.run()}</div> })}
        </header>
    }
    .into_any()
}

fn breadcrumbs(crumbs: Vec<Crumb>) -> AnyView {
    let steps = crumbs
        .into_iter()
        .map(|crumb| match crumb.href {
            Some(href) => view! { <li><a href=href>{crumb.label}</a></li> }.into_any(),
            None => view! { <li aria-current="page">{crumb.label}</li> }.into_any(),
        })
        .collect_view();
    view! {
        <nav aria-label="Breadcrumb">
            <ol class="crumbs sm muted">{steps}</ol>
        </nav>
    }
    .into_any()
}
