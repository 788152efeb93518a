//! The ten stages of a record. The stage stands in the file name and in the front matter and decides
//! the folder, so all three come from this one type.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::feature::FeatureName;

/// What kind of work a record is about (Spec-Kit-Plus knows these ten and no other).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The project's constitution.
    Constitution,
    /// The specification of a feature.
    Spec,
    /// The plan of a feature.
    Plan,
    /// The task list of a feature.
    Tasks,
    /// Debugging and failures.
    Red,
    /// An implementation that works.
    Green,
    /// Work that makes working code better.
    Refactor,
    /// An explanation.
    Explainer,
    /// Other work on a feature.
    Misc,
    /// Work that belongs to no feature.
    #[default]
    General,
}

/// Where the records of a stage are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// In the folder `constitution`.
    Constitution,
    /// In the folder named after the feature.
    Feature,
    /// In the folder `general`.
    General,
}

impl Stage {
    /// All stages, in the order of the work.
    pub const ALL: [Self; 10] = [
        Self::Constitution,
        Self::Spec,
        Self::Plan,
        Self::Tasks,
        Self::Red,
        Self::Green,
        Self::Refactor,
        Self::Explainer,
        Self::Misc,
        Self::General,
    ];

    /// The stage's name, as file names and front matter spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constitution => "constitution",
            Self::Spec => "spec",
            Self::Plan => "plan",
            Self::Tasks => "tasks",
            Self::Red => "red",
            Self::Green => "green",
            Self::Refactor => "refactor",
            Self::Explainer => "explainer",
            Self::Misc => "misc",
            Self::General => "general",
        }
    }

    /// The stage of that exact name; `None` for an invented one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// Which kind of folder the stage's records belong in.
    #[must_use]
    pub const fn route(self) -> Route {
        match self {
            Self::Constitution => Route::Constitution,
            Self::General => Route::General,
            _ => Route::Feature,
        }
    }

    /// The stage a record can really have: one that needs a feature becomes [`Stage::General`] where
    /// there is none, because a record in a lesser place is better than no record.
    #[must_use]
    pub fn with_feature(self, feature: Option<&FeatureName>) -> Self {
        if self.route() == Route::Feature && feature.is_none() { Self::General } else { self }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_in_text_and_in_serde() {
        for stage in Stage::ALL {
            assert_eq!(Stage::from_name(stage.name()), Some(stage));
            assert_eq!(serde_json::to_string(&stage).unwrap(), format!("\"{stage}\""));
        }
        for invented in ["phase-4", "implementation", "Green", "", "general "] {
            assert_eq!(Stage::from_name(invented), None, "{invented}");
        }
    }

    #[test]
    fn eight_stages_need_a_feature_and_fall_back_to_general() {
        let needing: Vec<_> =
            Stage::ALL.into_iter().filter(|stage| stage.route() == Route::Feature).collect();
        assert_eq!(needing.len(), 8);
        for stage in needing {
            assert_eq!(stage.with_feature(None), Stage::General);
        }
        assert_eq!(Stage::Constitution.with_feature(None), Stage::Constitution);
        let feature = FeatureName::parse("004-phase4-kubernetes").unwrap();
        assert_eq!(Stage::Green.with_feature(Some(&feature)), Stage::Green);
    }
}
