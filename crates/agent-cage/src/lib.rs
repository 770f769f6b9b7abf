//! agent-cage
