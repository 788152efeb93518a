//! Sessions: a random token in a cookie, its keyed hash in the database. They survive every pod, can be ended,
//! and are worth nothing without the key.

use crate::Shared;
use crate::error::ApiError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

/// The cookie's name.
pub const COOKIE: &str = "todo_session";
const DAYS: i32 = 14;

/// Who asks. As a handler's argument it turns away whoever is not signed in.
#[derive(Debug, Clone, Copy)]
pub struct User(pub Uuid);

/// The hash that is kept of a token.
fn keyed_hash(key: &str, token: &str) -> anyhow::Result<Vec<u8>> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    hmac.update(token.as_bytes());
    Ok(hmac.finalize().into_bytes().to_vec())
}

fn cookie(state: &Shared, value: String) -> Cookie<'static> {
    // `Lax` keeps other sites' forms from acting as the person; the API takes JSON only besides.
    Cookie::build((COOKIE, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.settings.secure_cookies)
        .build()
}

/// Begins a session; ones that are over go at the same time.
///
/// # Errors
/// When the database does not take it.
pub async fn begin(state: &Shared, user: Uuid) -> Result<Cookie<'static>, ApiError> {
    let token = hex::encode(rand::random::<[u8; 32]>());
    let hash = keyed_hash(state.settings.session_key.expose(), &token).map_err(ApiError::Internal)?;
    let pool = state.database.pool()?;
    sqlx::query("DELETE FROM sessions WHERE expires_at < now()").execute(pool).await?;
    sqlx::query("INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ($1, $2, now() + make_interval(days => $3))")
        .bind(hash)
        .bind(user)
        .bind(DAYS)
        .execute(pool)
        .await?;
    // Without an age of its own the cookie goes when the browser does, and no later than the session.
    Ok(cookie(state, token))
}

/// Ends the session of this cookie, everywhere; answers the cookie that clears it.
///
/// # Errors
/// When the database cannot be reached: the session is then not over.
pub async fn end(state: &Shared, jar: CookieJar) -> Result<CookieJar, ApiError> {
    if let Some(token) = jar.get(COOKIE) {
        let hash =
            keyed_hash(state.settings.session_key.expose(), token.value()).map_err(ApiError::Internal)?;
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
            .bind(hash)
            .execute(state.database.pool()?)
            .await?;
    }
    Ok(jar.remove(cookie(state, String::new())))
}

impl FromRequestParts<Shared> for User {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, ApiError> {
        let jar = CookieJar::from_headers(&parts.headers);
        let token = jar.get(COOKIE).ok_or(ApiError::NotSignedIn)?;
        let hash =
            keyed_hash(state.settings.session_key.expose(), token.value()).map_err(ApiError::Internal)?;
        let user =
            sqlx::query_scalar("SELECT user_id FROM sessions WHERE token_hash = $1 AND expires_at > now()")
                .bind(hash)
                .fetch_optional(state.database.pool()?)
                .await?;
        user.map(Self).ok_or(ApiError::NotSignedIn)
    }
}

#[cfg(test)]
mod tests {
    use super::keyed_hash;

    #[test]
    fn another_key_makes_another_hash() {
        let one = keyed_hash("key", "token").unwrap();
        assert_eq!(one, keyed_hash("key", "token").unwrap());
        assert_ne!(one, keyed_hash("kez", "token").unwrap());
    }
}
