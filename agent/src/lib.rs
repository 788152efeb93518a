//! shipmate.
