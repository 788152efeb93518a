//! Sign-up, login, logout, and who one is.

use crate::Shared;
use crate::error::ApiError;
use crate::session::{self, User};
use crate::{password, tasks::Body};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_extra::extract::cookie::CookieJar;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `/api/auth/…`.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/auth/sign-up", post(sign_up))
        .route("/api/auth/login", post(login))
        .route("/api/auth/logout", post(logout))
        .route("/api/auth/me", get(me))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize, sqlx::FromRow)]
struct Account {
    id: Uuid,
    email: String,
}

impl Credentials {
    /// The address in the one form it is kept and compared in.
    fn email(&self) -> Result<String, ApiError> {
        let email = self.email.trim().to_lowercase();
        let plain =
            |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        match email.split_once('@') {
            Some((name, host)) if email.len() <= 254 && plain(name) && plain(host) && !host.contains('@') => {
                Ok(email)
            }
            _ => Err(ApiError::Invalid("This is not an e-mail address.".to_owned())),
        }
    }

    /// A new password: length is what counts, and there is an end to what is hashed.
    fn new_password(&self) -> Result<(), ApiError> {
        match self.password.chars().count() {
            0..10 => Err(ApiError::Invalid("A password has at least 10 characters.".to_owned())),
            10..=200 => Ok(()),
            _ => Err(ApiError::Invalid("A password has at most 200 characters.".to_owned())),
        }
    }
}

async fn sign_up(
    State(state): State<Shared>,
    jar: CookieJar,
    Body(credentials): Body<Credentials>,
) -> Result<(StatusCode, CookieJar, Json<Account>), ApiError> {
    let email = credentials.email()?;
    credentials.new_password()?;
    state.limits.sign_in(&email)?;
    let pool = state.database.pool()?;
    let hash = password::to_hash(credentials.password).await.map_err(ApiError::Internal)?;
    let account = Account { id: Uuid::new_v4(), email };
    let made = sqlx::query(
        "INSERT INTO users (id, email, password_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(account.id)
    .bind(&account.email)
    .bind(hash)
    .execute(pool)
    .await?;
    if made.rows_affected() == 0 {
        return Err(ApiError::Taken);
    }
    let cookie = session::begin(&state, account.id).await?;
    Ok((StatusCode::CREATED, jar.add(cookie), Json(account)))
}

async fn login(
    State(state): State<Shared>,
    jar: CookieJar,
    Body(credentials): Body<Credentials>,
) -> Result<(CookieJar, Json<Account>), ApiError> {
    let email = credentials.email()?;
    state.limits.sign_in(&email)?;
    let found: Option<(Uuid, String)> =
        sqlx::query_as("SELECT id, password_hash FROM users WHERE email = $1")
            .bind(&email)
            .fetch_optional(state.database.pool()?)
            .await?;
    let (id, hash) = found.unzip();
    let right = password::is_right(credentials.password, hash).await.map_err(ApiError::Internal)?;
    let id = id.filter(|_| right).ok_or(ApiError::WrongCredentials)?;
    let cookie = session::begin(&state, id).await?;
    Ok((jar.add(cookie), Json(Account { id, email })))
}

async fn logout(State(state): State<Shared>, jar: CookieJar) -> Result<(StatusCode, CookieJar), ApiError> {
    Ok((StatusCode::NO_CONTENT, session::end(&state, jar).await?))
}

async fn me(State(state): State<Shared>, User(user): User) -> Result<Json<Account>, ApiError> {
    let account = sqlx::query_as("SELECT id, email FROM users WHERE id = $1").bind(user);
    Ok(Json(account.fetch_one(state.database.pool()?).await?))
}

#[cfg(test)]
mod tests {
    use super::Credentials;

    fn with(email: &str, password: &str) -> Credentials {
        Credentials { email: email.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn an_address_has_one_form() {
        assert_eq!(with(" Ada@Example.COM ", "").email().unwrap(), "ada@example.com");
        for wrong in ["", "ada", "@example.com", "ada@", "a da@example.com", "ada@b@c"] {
            assert!(with(wrong, "").email().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_long_enough_and_ends() {
        assert!(with("", "nine char").new_password().is_err());
        assert!(with("", "ten chars!").new_password().is_ok());
        assert!(with("", &"x".repeat(201)).new_password().is_err());
    }
}
