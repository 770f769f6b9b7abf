//! development-issuer
