//! shipmate-prompts.
