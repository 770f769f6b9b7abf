//! API tokens: which programs act for somebody, and what may they do? Making one shows its secret once.

use domain::{
    token::{LONGEST_LIFETIME_DAYS, LONGEST_TOKEN_NAME, Scope},
    view::token::{CreatedToken, TokenList, TokenRow, TokenState},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{crumbs, events, sessions::refusal};
use crate::{
    api,
    components::{
        button::{ButtonLink, Submit},
        empty::Empty,
        field::{Bound, CheckField, NumberField, TextField},
        glyph::{State, glyph},
        icon::Icon,
        loaded::loaded,
        moment::ago,
        page_head::{Crumb, PageHead},
        panel::Panel,
        status::status,
        table::Table,
        title::Title,
    },
    form::{FormFields, INTENT, Posted, Problems},
    routes, words,
};

pub const REVOKE: &str = "revoke";
pub const ID: &str = "id";
pub const NAME: &str = "name";
const SCOPES: &str = "scopes";
pub const LIFETIME: &str = "lifetime_days";
const DEFAULT_DAYS: u32 = 90;

/// A token just made; its secret is in this page alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Made(pub Option<CreatedToken>);

#[component]
pub fn Tokens() -> AnyView {
    let posted = Posted::here();
    let tokens = Resource::new(|| (), |()| api::tokens::list_tokens());
    view! {
        <Title text="API tokens" />
        {loaded(tokens, "the API tokens", move |list| draw(list, &posted))}
    }
    .into_any()
}

fn draw(list: TokenList, posted: &Posted) -> AnyView {
    let active = list.own.iter().filter(|token| token.state == TokenState::Active).count();
    let lead = match active {
        0 => "No program acts for you.".to_owned(),
        1 => "One program can act for you.".to_owned(),
        several => format!("{several} programs can act for you."),
    };
    let own = if list.own.is_empty() {
        view! {
            <Empty title="No token yet" icon=Icon::Key>
                <p class="soft">
                    "A token lets a program, such as " <code>"g"</code>
                    ", act as you within the scopes that you choose."
                </p>
            </Empty>
        }
        .into_any()
    } else {
        table(list.own, false)
    };
    let others = (!list.others.is_empty()).then(|| {
        view! {
            <Panel id="others" title="Other people">
                {table(list.others, true)}
            </Panel>
        }
    });
    view! {
        <PageHead
            title="API tokens"
            crumbs=crumbs("API tokens")
            lead=move || lead.clone()
            actions=|| view! { <ButtonLink href=routes::NEW_TOKEN label="New token" primary=true /> }
        />
        {refusal(posted)}
        <div class="stack">
            <Panel id="own" title="Yours">
                {own}
            </Panel>
            {others}
        </div>
    }
    .into_any()
}

fn table(rows: Vec<TokenRow>, of_others: bool) -> AnyView {
    let label = if of_others { "Tokens of other people" } else { "Your tokens" };
    let lines = rows.into_iter().map(|row| line(row, of_others)).collect_view();
    view! {
        <Table label=label class="table cards">
            <thead>
                <tr>
                    <th scope="col">"Token"</th>
                    <th scope="col">"State"</th>
                    {of_others.then(|| view! { <th scope="col">"Person"</th> })}
                    <th scope="col">"Scopes"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col">"Ends"</th>
                    <th scope="col">"Revoke it"</th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
    .into_any()
}

fn line(row: TokenRow, of_others: bool) -> AnyView {
    let (state, word) = match row.state {
        TokenState::Active => (State::Ok, "Active"),
        TokenState::Expired => (State::X, "Expired"),
        TokenState::Revoked => (State::X, "Revoked"),
    };
    let scopes: Vec<String> = row.scopes.iter().map(ToString::to_string).collect();
    let id = row.id.to_string();
    let label = format!("Revoke {id}");
    let revoke = (row.state == TokenState::Active).then(|| {
        view! {
            <form method="post" action=routes::TOKENS>
                <input type="hidden" name=ID value=id.clone() />
                <button type="submit" class="btn" name=INTENT value=REVOKE aria-label=label>
                    "Revoke"
                </button>
            </form>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <a class="link mono id" href=events("object", &id) title="All its events">
                    {id.clone()}
                </a>
                " "
                {row.name}
            </th>
            <td>{status(state, word.to_owned())}</td>
            {of_others.then(|| view! { <td>{row.person_name}</td> })}
            <td data-label="Scopes">{words::list(&scopes)}</td>
            <td data-label="Last used">
                {row.last_used_at.map_or_else(|| "never".into_any(), |at| ago(at).into_any())}
            </td>
            <td data-label="Ends">{ago(row.expires_at)}</td>
            <td>{revoke}</td>
        </tr>
    }
    .into_any()
}

#[component]
pub fn NewTokenPage() -> AnyView {
    let made = SharedValue::new(|| use_context::<Made>().unwrap_or_default()).into_inner();
    let posted = Posted::here();
    let steps = vec![
        Crumb::link("Settings", routes::SETTINGS),
        Crumb::link("API tokens", routes::TOKENS),
        Crumb::here("New token"),
    ];
    let body = match made.0 {
        Some(created) => secret(created),
        None => form(&posted),
    };
    view! {
        <Title text="New token" />
        <PageHead
            title="New API token"
            crumbs=steps
            lead=|| "It acts as you, with the roles that you have, within the scopes that you choose."
        />
        {body}
    }
    .into_any()
}

fn secret(created: CreatedToken) -> AnyView {
    let id = created.row.id.to_string();
    view! {
        <Panel id="secret" title="The secret, shown once">
            <div class="panel-body form">
                <div class="field">
                    <label for="token">{format!("Secret of {id}")}</label>
                    <input class="input mono" id="token" type="text" readonly value=created.secret autocomplete="off" />
                    <p class="sm muted">
                        "Copy it now: it is kept nowhere, and nobody can show it again. For g, save it in "
                        <code>"~/.config/agent-manager/token"</code> " and " <code>"chmod 600"</code> " that file."
                    </p>
                </div>
                <p class="buttons">
                    <ButtonLink href=routes::TOKENS label="I have copied it" primary=true />
                </p>
            </div>
        </Panel>
    }
    .into_any()
}

fn form(posted: &Posted) -> AnyView {
    let problems =
        Problems::new(posted.problem.iter().flat_map(|problem| problem.fields.iter().cloned()), "");
    let scopes = Scope::ALL
        .map(|scope| {
            let name = format!("scope_{scope}");
            let ticked = posted.ticked(&name, scope == Scope::Read);
            view! {
                <CheckField
                    field=Bound::tick(name, ticked)
                    label=words::sentence(scope.as_str())
                    hint=words::sentence(scope.meaning())
                />
            }
        })
        .collect_view();
    let unscoped = move || {
        problems.of(SCOPES).get().map(|problem| {
            view! {
                <p class="reason sm" data-s="crit">
                    {glyph(State::Crit)}
                    <span>{problem}</span>
                </p>
            }
        })
    };
    let begin = vec![(LIFETIME, DEFAULT_DAYS.to_string())];
    let at = FormFields::new(posted, problems, &[NAME, LIFETIME], begin);
    let (name, days) = (at.of(NAME), at.of(LIFETIME));
    view! {
        {refusal(posted)}
        <form method="post" action=routes::NEW_TOKEN>
            <Panel id="token-fields" title="What it is for">
                <div class="panel-body form">
                    <TextField
                        field=name
                        label="Name"
                        hint=format!("What uses it, in at most {LONGEST_TOKEN_NAME} characters")
                        required=true
                    />
                    <fieldset class="fields-of">
                        <legend>"Scopes"</legend>
                        {scopes}
                        {unscoped}
                    </fieldset>
                    <NumberField
                        field=days
                        label="Ends after"
                        unit="days"
                        hint=format!("1 to {LONGEST_LIFETIME_DAYS}")
                        required=true
                    />
                    <div class="buttons">
                        <Submit label="Make token" id="make-token" primary=true />
                    </div>
                </div>
            </Panel>
        </form>
    }
    .into_any()
}
