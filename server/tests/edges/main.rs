//! The server's edges over real HTTP: who is let in, what every answer carries, what is refused and how.

mod agents;
mod app;
mod headers;
mod sign_in;
