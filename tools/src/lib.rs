//! shipmate-tools.
