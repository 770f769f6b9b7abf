//! What an instance's page is made of besides the present: its past, and the parts that Compute Engine is asked for. Long lists begin
//! with their newest ten lines; `?all=yes` has as many as are told at all.

use domain::{
    Timestamp,
    view::health::{CloudErrors, InstanceHistory, SerialPage},
};
use leptos::prelude::*;

use super::{acts::asked, cloud::cloud_errors, serial::last_lines, since::since};
use crate::{
    api::{
        self, ApiError,
        instances::{RestartAgent, StartAgent, StopAgent},
    },
    components::{
        canvas::Canvas,
        empty::failure,
        half_hour::{Span, half_hour},
        incident::incidents,
        moment::utc,
    },
    live::Live,
    routes,
    url_state::{Query, use_query},
};

/// Asks for whole lists, in the address.
const ALL: &str = "all";
/// Lines of a list that is not asked for as a whole.
pub const FIRST: usize = 10;

/// The same page with whole lists, at one of them.
pub fn all_of(here: &str, id: &str) -> String {
    format!("{}#{id}", Query::default().with(ALL, Some("yes")).on(here))
}

/// Made once by the page: an action that is under way must outlive the drawing of what it changes.
#[derive(Clone, Copy)]
pub struct Parts {
    place: Memo<(String, String)>,
    /// Whether lists are asked for as a whole.
    all: Memo<bool>,
    past: Resource<Result<InstanceHistory, ApiError>>,
    cloud: Resource<Result<CloudErrors, ApiError>>,
    serial: Resource<Result<SerialPage, ApiError>>,
    pub restart: ServerAction<RestartAgent>,
    pub stop: ServerAction<StopAgent>,
    pub start: ServerAction<StartAgent>,
}

impl Parts {
    pub fn of(place: Memo<(String, String)>) -> Self {
        let (live, query) = (Live::here(), use_query());
        let all = Memo::new(move |_| query.with(|query| query.get(ALL) == Some("yes")));
        Self {
            place,
            all,
            past: Resource::new(
                move || (place.get(), all.get(), live.opened(), live.health(), live.moods()),
                |((zone, name), all, ..)| api::instances::load_instance_history(zone, name, Some(all)),
            ),
            cloud: Resource::new(
                move || (place.get(), live.opened()),
                |((zone, name), _)| api::instances::load_cloud_errors(zone, name),
            ),
            serial: Resource::new(
                move || (place.get(), all.get(), live.opened()),
                |((zone, name), all, _)| {
                    let lines = (!all).then_some(FIRST);
                    api::instances::load_serial_end(zone, name, lines)
                },
            ),
            restart: ServerAction::new(),
            stop: ServerAction::new(),
            start: ServerAction::new(),
        }
    }

    /// Whether lists are asked for as a whole.
    pub fn tells_all(self) -> bool {
        self.all.get()
    }

    fn here(self) -> String {
        let (zone, name) = self.place.get_untracked();
        routes::instance(&zone, &name)
    }

    /// Since when the agent fails, as far as the past is there already. For effects.
    pub fn fails_since(self) -> Option<Option<Timestamp>> {
        self.past.get().and_then(Result::ok).map(|past| past.fails_since)
    }

    /// A part that is drawn of the past, once that is there.
    pub fn of_past(
        self,
        draw: impl Fn(Result<InstanceHistory, ApiError>) -> AnyView + Clone + Send + Sync + 'static,
    ) -> AnyView {
        let past = self.past;
        view! {
            <Transition fallback=|| ()>
                {
                    let canvas = Canvas::here();
                    move || canvas.drawing(past, draw.clone())
                }
            </Transition>
        }
        .into_any()
    }

    pub fn incidents(self) -> AnyView {
        self.of_past(|past| match past {
            Ok(past) => incidents(&past.incidents).into_any(),
            Err(_) => ().into_any(),
        })
    }

    /// What changed before, and what came since it began to fail.
    pub fn story(self) -> AnyView {
        let here = self.here();
        self.of_past(move |past| match past {
            Ok(past) => view! {
                {before(&past, &here)}
                {since(&past, &here)}
            }
            .into_any(),
            Err(error) => failure(error, "the instance's history", false),
        })
    }

    /// What was asked of the agent.
    pub fn asked(self) -> AnyView {
        let here = self.here();
        self.of_past(move |past| match past {
            Ok(past) => asked(&past, &here).into_any(),
            // Said once, where the story would be.
            Err(_) => ().into_any(),
        })
    }

    pub fn serial(self) -> AnyView {
        let (serial, all, here) = (self.serial, self.all, self.here());
        view! {
            <Transition fallback=|| ()>
                {
                    let canvas = Canvas::here();
                    move || {
                        let (all, here) = (all.get(), here.clone());
                        canvas.drawing(serial, move |page| last_lines(page, all, &here))
                    }
                }
            </Transition>
        }
        .into_any()
    }

    pub fn cloud(self) -> AnyView {
        let (cloud, all, here) = (self.cloud, self.all, self.here());
        view! {
            <Transition fallback=|| ()>
                {
                    let canvas = Canvas::here();
                    move || {
                        let (all, here) = (all.get(), here.clone());
                        canvas.drawing(cloud, move |errors| cloud_errors(errors, all, &here))
                    }
                }
            </Transition>
        }
        .into_any()
    }
}

fn before(past: &InstanceHistory, here: &str) -> AnyView {
    let title = match past.fails_since {
        Some(_) => "What changed in the 30 minutes before",
        None => "What changed in the last 30 minutes",
    };
    let span = Span {
        since: past.before_since,
        until: past.before_until,
        ends_with: past.fails_since.map(|at| format!("fails from {}", utc(at))),
        earlier: (past.earlier > 0).then(|| (past.earlier, all_of(here, "before"))),
        more: past.before_more,
    };
    half_hour(title, &past.before, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lists_are_an_address() {
        assert_eq!(all_of("/instances/z/agent-a", "serial"), "/instances/z/agent-a?all=yes#serial");
        assert_eq!(Query::parse("all=yes").get(ALL), Some("yes"));
    }
}
