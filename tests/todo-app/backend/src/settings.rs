//! What the environment says. A value that is missing or wrong stops nothing that can do without it: it becomes
//! a warning, and the requests that need it say so.

use std::fmt;

/// A value that never shows in logs or messages.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// The process's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// PORT, 8000.
    pub port: u16,
    /// LOG_LEVEL: debug, info, warn or error.
    pub log_level: String,
    /// DATABASE_URL, when there is one.
    pub database_url: Option<Secret>,
    /// BETTER_AUTH_SECRET: the key of sessions.
    pub session_key: Secret,
    /// OPENAI_API_KEY; without it there is no chat.
    pub model_key: Option<Secret>,
    /// OPENAI_BASE_URL, without a slash at its end.
    pub model_url: String,
    /// OPENAI_MODEL.
    pub model: String,
    /// SECURE_COOKIES=true: browsers send the session over HTTPS only. Off by default, because the application
    /// is also tried over plain HTTP, where such a cookie would never come back.
    pub secure_cookies: bool,
    /// What is missing, in words for the log.
    pub warnings: Vec<String>,
}

/// What manifests/secrets.yaml puts in place of a value.
const PLACEHOLDER: &str = "REPLACE_ME";

impl Settings {
    /// Reads them from variables.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut warnings = Vec::new();
        let given = |name: &str| variable(name).filter(|value| !value.is_empty() && value != PLACEHOLDER);
        let mut secret = |name: &str, without: &str| {
            let value = given(name).map(Secret::new);
            if value.is_none() {
                warnings.push(format!("{name} is not set: {without}"));
            }
            value
        };
        let database_url = secret("DATABASE_URL", "accounts and tasks answer 503");
        let session_key = secret("BETTER_AUTH_SECRET", "sessions end with this process")
            .unwrap_or_else(|| Secret::new(hex::encode(rand::random::<[u8; 32]>())));
        let model_key = secret("OPENAI_API_KEY", "the chat answers 503");
        let log_level = given("LOG_LEVEL").unwrap_or_else(|| "info".to_owned());
        let log_level = if ["debug", "info", "warn", "error"].contains(&log_level.as_str()) {
            log_level
        } else {
            warnings.push("LOG_LEVEL is none of debug, info, warn, error: info is used".to_owned());
            "info".to_owned()
        };
        let port = given("PORT").map_or(8000, |value| {
            value.parse().unwrap_or_else(|_| {
                warnings.push("PORT is not a port: 8000 is used".to_owned());
                8000
            })
        });
        let url = given("OPENAI_BASE_URL").unwrap_or_else(|| "https://api.openai.com/v1".to_owned());
        Self {
            port,
            log_level,
            database_url,
            session_key,
            model_key,
            model_url: url.trim_end_matches('/').to_owned(),
            model: given("OPENAI_MODEL").unwrap_or_else(|| "gpt-4o-mini".to_owned()),
            secure_cookies: given("SECURE_COOKIES").is_some_and(|value| value == "true"),
            warnings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_no_values() {
        let settings = Settings::from_environment(|name| {
            ["DATABASE_URL", "OPENAI_API_KEY", "BETTER_AUTH_SECRET"]
                .contains(&name)
                .then(|| PLACEHOLDER.to_owned())
        });
        assert!(settings.database_url.is_none() && settings.model_key.is_none());
        assert_ne!(settings.session_key.expose(), PLACEHOLDER);
        assert_eq!(settings.warnings.len(), 3, "{:?}", settings.warnings);
    }

    #[test]
    fn no_secret_is_shown() {
        let settings = Settings::from_environment(|_| Some("hunter2hunter2".to_owned()));
        let shown = format!("{settings:?}");
        let secrets = shown.matches("[secret]").count();
        assert_eq!(secrets, 3, "{shown}");
        assert!(settings.warnings.iter().all(|warning| !warning.contains("hunter2")));
    }
}
