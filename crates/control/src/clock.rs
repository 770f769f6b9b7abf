//! Where time enters. Everything else takes `now` or a [`Clock`], so that a test can turn it.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;

#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Stands until a test moves it.
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(Mutex::new(start)))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the ambient clock is read")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => chrono::Utc::now(),
            Self::Manual(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a manual clock; the system's goes its own way.
    pub fn advance(&self, by: chrono::Duration) {
        if let Self::Manual(time) = self {
            let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
            *time += by;
        }
    }
}
