//! Who is signed in, how the page looks, and the way out.

use leptos::{form::ActionForm, prelude::*};

use super::Keys;
use crate::{
    api::theme::SetTheme,
    components::{
        drop::Drop,
        icon::{Icon, icon},
    },
    opening::Opening,
    routes,
    theme::Theme,
    words,
};

/// Nothing where nobody is signed in.
pub fn user() -> impl IntoView {
    let opening = Opening::here();
    opening.viewer.map(|viewer| {
        let initial: String = viewer.name.chars().take(1).flat_map(char::to_uppercase).collect();
        let roles: Vec<String> = viewer.roles.iter().map(|role| role.to_string()).collect();
        let roles = if roles.is_empty() { "no role".to_owned() } else { words::list(&roles) };
        let name = viewer.name.clone();
        let face = move || {
            view! {
                <span class="avatar" aria-hidden="true">
                    {initial.clone()}
                </span>
                <span class="user-name">{name.clone()}</span>
            }
        };
        view! {
            <Drop label=format!("{}, account", viewer.name) class="user" place="end" face=face>
                <p>
                    <b>{viewer.name}</b>
                    <br />
                    <small>{roles}</small>
                </p>
                <p class="note">
                    <a class="nav-item" href=routes::PASSKEYS>
                        {icon(Icon::Key)}
                        "Passkeys"
                    </a>
                </p>
                <div class="note">{theme_choice()}</div>
                <div class="note">{Keys::here().choice()}</div>
                <form class="note" method="post" action=routes::SIGN_OUT>
                    <button type="submit" class="nav-item">
                        {icon(Icon::Out)}
                        "Sign out"
                    </button>
                </form>
            </Drop>
        }
    })
}

/// Without scripts the form posts and the server answers with the page anew; with them the page changes in place.
fn theme_choice() -> AnyView {
    let action = ServerAction::<SetTheme>::new();
    let chosen = RwSignal::new(Opening::here().theme);
    Effect::new(move |_| {
        let Some(Ok(theme)) = action.value().get() else { return };
        chosen.set(theme);
        if let Some(root) = document().document_element() {
            let _ = match theme.forced() {
                Some(name) => root.set_attribute("data-theme", name),
                None => root.remove_attribute("data-theme"),
            };
        }
    });
    let choices = Theme::ALL
        .map(|theme| {
            let symbol = match theme {
                Theme::System => Icon::System,
                Theme::Light => Icon::Sun,
                Theme::Dark => Icon::Moon,
            };
            view! {
                <button
                    type="submit"
                    class="nav-item"
                    name="theme"
                    value=theme.as_str()
                    aria-pressed=move || if chosen.get() == theme { "true" } else { "false" }
                >
                    {icon(symbol)}
                    {theme.label()}
                </button>
            }
        })
        .collect_view();
    view! {
        <ActionForm action=action>
            <fieldset>
                <legend class="nav-title">"Theme"</legend>
                {choices}
            </fieldset>
        </ActionForm>
    }
    .into_any()
}
