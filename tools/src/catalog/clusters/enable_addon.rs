//! `enable_addon`: an addon of minikube is turned on or off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::local_cluster::{Provider, addons, change, check_name};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// Turn an addon of minikube on, or off again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnableAddon {
    /// The addon, such as `ingress`, `metrics-server` or `dashboard`.
    addon: String,
    /// The cluster's name (minikube's profile).
    name: Option<String>,
    /// Turn it off instead.
    #[serde(default)]
    disable: bool,
}

impl Tool for EnableAddon {
    const NAME: &'static str = "enable_addon";
    const PHRASES: &'static [&'static str] = &[
        "(enable|activate|turn on|switch on|install|add) [minikube] {addon:word} (addon|add-on|plugin) [on]",
        "(turn|switch) {addon:word} (addon|add-on) on",
        "(enable|activate|turn on|switch on|install|add) [minikube] (addon|add-on) [called|named] {addon:word}",
        "(enable|activate|turn on|switch on|install|add) {addon:word} [addon|add-on] (in|on|for|into|to) minikube",
        "(disable|deactivate|turn off|switch off) [minikube] {addon:word} (addon|add-on) [off] => disable=true",
        "(disable|deactivate|turn off|switch off) [minikube] (addon|add-on) [called|named] {addon:word} => disable=true",
        "(disable|deactivate|turn off|switch off) {addon:word} [addon|add-on] (in|on|for) minikube => disable=true",
        "minikube addons enable {addon:word}",
        "minikube addons disable {addon:word} => disable=true",
    ];
    const MODIFIERS: &'static [&'static str] =
        &["(in|on|of|for) (minikube|(local|dev) cluster)", "(profile|with profile|--profile) {name:word}"];

    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn command(&self) -> CommandLine {
        CommandLine::new("minikube").args(self.arguments())
    }

    fn check(&self) -> Result<()> {
        check_name(self.name.as_deref())?;
        let plain = self.addon.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if plain && self.addon.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Ok(());
        }
        Err(Feedback::new(ErrorKind::InvalidArguments, format!("{:?} is no name of an addon", self.addon))
            .next("name one that `minikube addons list` shows, such as ingress")
            .into())
    }
}

impl EnableAddon {
    fn arguments(&self) -> Vec<String> {
        let verb = if self.disable { "disable" } else { "enable" };
        let profile = self.name.as_ref().map(|name| format!("--profile={name}"));
        ["addons", verb, &self.addon].map(str::to_owned).into_iter().chain(profile).collect()
    }

    const fn wish(&self) -> &'static str {
        if self.disable { "off" } else { "on" }
    }
}

impl ChangeTool for EnableAddon {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        let known = addons(self.name.as_deref(), world).await?;
        let Some(on) = known.get(&self.addon).copied() else {
            let mut near: Vec<(f64, &String)> =
                known.keys().map(|name| (strsim::jaro_winkler(&self.addon, name), name)).collect();
            near.sort_by(|a, b| b.0.total_cmp(&a.0));
            let near = near.into_iter().take(5).map(|(_, name)| name.clone()).collect();
            return Err(Feedback::new(ErrorKind::NotFound, format!("minikube has no addon {}", self.addon))
                .next("name one that `minikube addons list` shows")
                .candidates(near)
                .into());
        };
        let done = on != self.disable;
        Ok(Preview {
            summary: if done {
                format!("the addon {} is {} already", self.addon, self.wish())
            } else {
                format!("turns the addon {} of minikube {}", self.addon, self.wish())
            },
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Addon".to_owned(),
                    name: self.addon.clone(),
                    ..ObjectIdentity::default()
                },
                action: if done { Action::Unchanged } else { Action::Update },
                difference: match (done, self.disable) {
                    (true, _) => String::new(),
                    (false, true) => "- enabled\n+ disabled\n".to_owned(),
                    (false, false) => "- disabled\n+ enabled\n".to_owned(),
                },
            }],
            warnings: if self.disable && !done {
                vec!["the objects of the addon go from the cluster".to_owned()]
            } else {
                Vec::new()
            },
            nothing_to_do: done,
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        progress.status("minikube is at work");
        let _said = change(Provider::Minikube, &self.arguments(), world.read(), approval).await?;
        Ok(Outcome::sentence(format!("turned the addon {} {}", self.addon, self.wish()))
            .data(json!({"addon": self.addon, "enabled": !self.disable}))
            .undo(self.undo(approval.preview())))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let on = addons(self.name.as_deref(), world).await?.get(&self.addon).copied().unwrap_or(false);
        let sentence = format!("the addon {} is {}", self.addon, if on { "on" } else { "off" });
        Ok(if on == self.disable {
            Verification::Failed(sentence)
        } else {
            Verification::Confirmed(sentence)
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new(Self::NAME, json!({"addon": self.addon, "name": self.name, "disable": !self.disable})))
    }
}

pub(crate) static TOOL: Changer<EnableAddon> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_refuses_flags() {
        let bind = |arguments| Call::new("enable_addon", arguments).bind().unwrap();
        assert_eq!(bind(json!({"addon": "ingress"})).command().to_string(), "minikube addons enable ingress");
        assert_eq!(
            bind(json!({"addon": "ingress", "disable": true, "name": "dev"})).command().to_string(),
            "minikube addons disable ingress --profile=dev"
        );
        assert_eq!(
            bind(json!({"addon": "--all"})).check().unwrap_err().to_string(),
            "\"--all\" is no name of an addon"
        );
    }
}
