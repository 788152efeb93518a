//! stub
use super::*;
/// stub
pub struct Phrasebook;
impl Phrasebook {
    /// stub
    pub fn new() -> Self {
        Self
    }
    /// stub
    pub fn translate(&self, _: &str, _: &Situation) -> Translation {
        Translation {
            understanding: Understanding::NotUnderstood(String::new()),
            translator: TranslatorName::None,
            usage: Usage::default(),
        }
    }
}
