//! `enable_addon`: turns an addon of minikube on, or off again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

use crate::approval::Approval;
use crate::call::{Call, Effect};
use crate::clusters::{Maker, check_name};
use crate::command::CommandLine;
use crate::error::{ErrorKind, Feedback, Result};
use crate::outcome::{Outcome, Verification};
use crate::preview::{Action, ObjectChange, ObjectIdentity, Preview};
use crate::progress::Progress;
use crate::tool::{ChangeTool, Changer, Tool};
use crate::world::{ReadWorld, World};

/// minikube waits for the addon's own pods.
const DEADLINE: Duration = Duration::from_secs(600);

const LOOK: Duration = Duration::from_secs(60);

/// Turn an addon of minikube on, such as ingress, dashboard or metrics-server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnableAddon {
    /// The addon, as `minikube addons list` names it.
    addon: String,
    /// Turn it off instead.
    #[serde(default)]
    disable: bool,
    /// The minikube cluster, if not the usual one.
    name: Option<String>,
}

impl Tool for EnableAddon {
    const NAME: &'static str = "enable_addon";
    const PHRASES: &'static [&'static str] = &[
        "(enable|activate|turn on|switch on|install|add) [the] [minikube] {addon:word} (addon|add-on) [of|in|on|for] [minikube]",
        "(enable|activate|turn on|switch on|install|add) [the] [minikube] (addon|add-on) {addon:word} [of|in|on|for] [minikube]",
        "(enable|activate|turn on|switch on|install|add) [the] [minikube] {addon:kind} (addon|add-on) [of|in|on|for] [minikube]",
        "(enable|activate|turn on|switch on) [the] {addon:kind} (in|on|for) minikube",
        "minikube addons enable {addon:kind}",
        "(disable|deactivate|turn off|switch off) [the] [minikube] {addon:kind} (addon|add-on) [of|in|on|for] [minikube] => disable=true",
        "(enable|activate|turn on|switch on) [the] {addon:word} (in|on|for) minikube",
        "(turn|switch) [the] [minikube] {addon:word} (addon|add-on) on",
        "minikube addons enable {addon:word}",
        "(disable|deactivate|turn off|switch off) [the] [minikube] {addon:word} (addon|add-on) [of|in|on|for] [minikube] => disable=true",
        "(disable|deactivate|turn off|switch off) [the] {addon:word} (in|on|for) minikube => disable=true",
        "minikube addons disable {addon:word} => disable=true",
    ];
    const MODIFIERS: &'static [&'static str] = &["(-p|--profile) {name:word}"];

    fn effect(&self) -> Effect {
        if self.disable { Effect::Destroy } else { Effect::Change }
    }

    fn command(&self) -> CommandLine {
        CommandLine::new("minikube").args(self.words())
    }

    fn check(&self) -> Result<()> {
        check_name(self.name.as_deref())?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.addon.starts_with(|c: char| c.is_ascii_alphanumeric()) && self.addon.chars().all(plain) {
            return Ok(());
        }
        Err(Feedback::new(ErrorKind::InvalidArguments, format!("{:?} is no name of an addon", self.addon))
            .next("`minikube addons list` names them")
            .into())
    }
}

impl EnableAddon {
    fn words(&self) -> Vec<String> {
        let verb = if self.disable { "disable" } else { "enable" };
        let mut words: Vec<String> = ["addons", verb, &self.addon].map(str::to_owned).to_vec();
        words.extend(self.name.as_ref().map(|name| format!("--profile={name}")));
        words
    }

    /// Whether the addon is on.
    async fn is_on(&self, world: &ReadWorld) -> Result<bool> {
        let mut words: Vec<String> = ["addons", "list", "--output=json"].map(str::to_owned).to_vec();
        words.extend(self.name.as_ref().map(|name| format!("--profile={name}")));
        let printed = Maker::Minikube.run(world.options(), "list its addons", &words, LOOK).await?;
        let answer: Value = serde_json::from_str(&printed.stdout).unwrap_or_default();
        let addons = answer.as_object().cloned().unwrap_or_default();
        let Some(addon) = addons.get(&self.addon) else {
            let all: Vec<String> = addons.keys().cloned().collect();
            let near = crate::docker::names::nearest(&self.addon, &all);
            return Err(Feedback::new(ErrorKind::NotFound, format!("minikube has no addon {}", self.addon))
                .next("`minikube addons list` names them")
                .candidates(if near.is_empty() { all } else { near })
                .into());
        };
        Ok(addon.get("Status").and_then(Value::as_str) == Some("enabled"))
    }
}

impl ChangeTool for EnableAddon {
    async fn preview(&self, world: &ReadWorld) -> Result<Preview> {
        self.check()?;
        let addon = &self.addon;
        let is_on = self.is_on(world).await?;
        let (from, to) = if self.disable { ("on", "off") } else { ("off", "on") };
        if is_on != self.disable {
            return Ok(Preview {
                summary: format!("the addon {addon} is {to} already"),
                nothing_to_do: true,
                ..Preview::default()
            });
        }
        let warnings = if self.disable {
            vec![format!("what {addon} runs in the cluster is removed")]
        } else {
            vec![format!("{addon} runs pods of its own in the cluster, from images that are fetched")]
        };
        Ok(Preview {
            summary: format!("turns the addon {addon} of minikube {to}"),
            changes: vec![ObjectChange {
                object: ObjectIdentity {
                    kind: "Addon".to_owned(),
                    name: addon.clone(),
                    ..ObjectIdentity::default()
                },
                action: Action::Update,
                difference: format!("- {addon}: {from}\n+ {addon}: {to}\n"),
            }],
            warnings,
            confirm_name: self.disable.then(|| addon.clone()),
            ..Preview::default()
        })
    }

    async fn run(&self, world: &World, approval: &Approval, progress: &Progress) -> Result<Outcome> {
        let _shown = approval.preview();
        let on = if self.disable { "off" } else { "on" };
        progress.status(format!("turning {} {on}", self.addon));
        let doing = format!("turn {} {on}", self.addon);
        Maker::Minikube.run(world.read().options(), &doing, &self.words(), DEADLINE).await?;
        Ok(Outcome::sentence(format!("the addon {} is {on}", self.addon))
            .data(json!({"addon": self.addon, "enabled": !self.disable})))
    }

    async fn verify(
        &self,
        world: &ReadWorld,
        _: &Preview,
        _: Duration,
        _: &Progress,
    ) -> Result<Verification> {
        let on = if self.is_on(world).await? { "on" } else { "off" };
        let said = format!("minikube says that {} is {on}", self.addon);
        Ok(if (on == "on") == self.disable {
            Verification::Failed(said)
        } else {
            Verification::Confirmed(said)
        })
    }

    fn undo(&self, _: &Preview) -> Option<Call> {
        Some(Call::new(Self::NAME, json!({"addon": self.addon, "disable": !self.disable, "name": self.name})))
    }
}

pub(crate) static TOOL: Changer<EnableAddon> = Changer::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_its_command_and_the_way_back() {
        let addon = |addon: &str, disable| EnableAddon { addon: addon.to_owned(), disable, name: None };
        let on = addon("ingress", false);
        assert_eq!(on.command().to_string(), "minikube addons enable ingress");
        let back = on.undo(&Preview::default()).unwrap().bind().unwrap();
        assert_eq!(
            (back.command().to_string().as_str(), back.effect()),
            ("minikube addons disable ingress", Effect::Destroy)
        );
        assert!(addon("--all", false).check().is_err());
    }
}
