//! What goes wrong, as the person who asked may read it. Details of the inside go to the log only.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::time::Duration;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Something in the request; says what.
    #[error("{0}")]
    Invalid(String),
    /// No session, or one that ended.
    #[error("Please sign in.")]
    NotSignedIn,
    /// The same words for an address that is not known and a password that is wrong.
    #[error("This e-mail address and password do not belong together.")]
    WrongCredentials,
    /// There is an account already.
    #[error("There is an account with this e-mail address. Sign in instead.")]
    Taken,
    /// Not there, or somebody else's: the two look alike from outside.
    #[error("There is no such task.")]
    NotFound,
    /// Too much at once.
    #[error("That was a lot at once. Try again in {} s.", .0.as_secs().max(1))]
    TooMany(Duration),
    /// The database is not set, not there, or not prepared yet.
    #[error("The database cannot be reached just now. Nothing was changed; try again in a moment.")]
    Database(#[source] Option<sqlx::Error>),
    /// The chat's model; the words are for the person, the log has the cause.
    #[error("{0}")]
    Assistant(String, Option<Duration>),
    /// A fault of this program.
    #[error("Something went wrong here. It was written to the log.")]
    Internal(#[source] anyhow::Error),
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Database(Some(error)),
            // Class 57 is the server going away or not yet there, 53 its want of resources, 08 the connection's.
            sqlx::Error::Database(ref cause)
                if cause
                    .code()
                    .is_some_and(|code| ["57", "53", "08"].iter().any(|class| code.starts_with(class))) =>
            {
                Self::Database(Some(error))
            }
            other => Self::Internal(other.into()),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotSignedIn | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::Taken => StatusCode::CONFLICT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Database(_) | Self::Assistant(..) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany(wait) | Self::Assistant(_, Some(wait)) => Some(wait.as_secs().max(1)),
            Self::Database(_) => Some(2),
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match &self {
            Self::Database(cause) => tracing::warn!(?cause, "the database cannot be used"),
            Self::Internal(cause) => tracing::error!(%cause, "a request failed"),
            _ => {}
        }
        let mut response = (self.status(), Json(json!({ "error": self.to_string() }))).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
