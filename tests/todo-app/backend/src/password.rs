//! Passwords, as argon2id with the crate's defaults (19 MiB, two passes): slow on purpose, so off the async
//! threads and few at a time, or fifty people who sign in at once would take the container's memory.

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// What a password is compared with where there is no account, so that both answers take as long.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash("nobody's").unwrap_or_default());

fn hash(password: &str) -> anyhow::Result<String> {
    let salt = SaltString::generate(&mut OsRng);
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    let _permit = AT_ONCE.acquire().await?;
    Ok(tokio::task::spawn_blocking(work).await?)
}

/// The hash to keep of a new password.
///
/// # Errors
/// When hashing fails or the process is ending.
pub async fn to_hash(password: String) -> anyhow::Result<String> {
    aside(move || hash(&password)).await?
}

/// Whether the password is the account's; `None` is no account, and takes as long.
///
/// # Errors
/// When the process is ending.
pub async fn is_right(password: String, account: Option<String>) -> anyhow::Result<bool> {
    aside(move || match account {
        Some(hash) => matches(&password, &hash),
        None => {
            let _same_time = matches(&password, &NOBODYS);
            false
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let kept = to_hash("correct horse".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$") && !kept.contains("horse"));
        assert!(is_right("correct horse".to_owned(), Some(kept.clone())).await.unwrap());
        assert!(!is_right("correct horsf".to_owned(), Some(kept)).await.unwrap());
        assert!(!is_right("nobody's".to_owned(), None).await.unwrap());
    }
}
