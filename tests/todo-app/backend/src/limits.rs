//! How much one person may ask in a while. Counted in this process, so with N replicas up to N times as much
//! passes; enough against guessing passwords and runaway scripts, and no shared store to lose.

use crate::error::ApiError;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use uuid::Uuid;

/// Above this many keys, those that have recovered are forgotten.
const KEYS: usize = 10_000;

/// The limits.
pub struct Limits {
    sign_in: DefaultKeyedRateLimiter<String>,
    write: DefaultKeyedRateLimiter<Uuid>,
    chat: DefaultKeyedRateLimiter<Uuid>,
}

const fn count(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in: RateLimiter::keyed(Quota::per_minute(count(10))),
            write: RateLimiter::keyed(Quota::per_second(count(20)).allow_burst(count(100))),
            chat: RateLimiter::keyed(Quota::per_minute(count(20))),
        }
    }
}

impl Limits {
    /// Attempts to sign in with one address: 10 a minute.
    ///
    /// # Errors
    /// `ApiError::TooMany` with how long to wait.
    pub fn sign_in(&self, email: &str) -> Result<(), ApiError> {
        check(&self.sign_in, &email.to_owned())
    }

    /// Changes by one person: 20 a second, 100 at once.
    ///
    /// # Errors
    /// `ApiError::TooMany` with how long to wait.
    pub fn write(&self, user: Uuid) -> Result<(), ApiError> {
        check(&self.write, &user)
    }

    /// Messages to the model by one person: 20 a minute.
    ///
    /// # Errors
    /// `ApiError::TooMany` with how long to wait.
    pub fn chat(&self, user: Uuid) -> Result<(), ApiError> {
        check(&self.chat, &user)
    }
}

fn check<K: Clone + Eq + std::hash::Hash>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), ApiError> {
    if limiter.len() > KEYS {
        limiter.retain_recent();
    }
    limiter
        .check_key(key)
        .map_err(|early| ApiError::TooMany(early.wait_time_from(DefaultClock::default().now())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_slowed_and_no_other() {
        let limits = Limits::default();
        assert!((0..10).all(|_| limits.sign_in("a@example.com").is_ok()));
        assert!(
            matches!(limits.sign_in("a@example.com"), Err(ApiError::TooMany(wait)) if wait.as_secs() <= 6)
        );
        assert!(limits.sign_in("b@example.com").is_ok());
    }
}
