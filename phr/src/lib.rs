//! shipmate-phr.
