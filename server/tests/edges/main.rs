//! The server's edges over real HTTP: who is let in, what every answer carries, what is refused and how; and its commands as
//! processes.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

mod agents;
mod app;
mod audit;
mod causes;
mod commands;
mod conditions;
mod deliveries;
mod documents;
mod doors;
mod forms;
mod headers;
mod large_fleet;
mod live;
mod nouns;
mod page_bytes;
mod paging;
mod picker;
mod rest;
mod settings;
mod sign_in;
mod verdicts;
