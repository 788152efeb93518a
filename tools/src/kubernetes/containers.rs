//! The containers in a pod template: where a kind keeps them, finding one by its name, and which one is meant
//! when none is named.

use futures::future::BoxFuture;
use serde_json::Value;

use crate::error::{ErrorKind, Feedback, Result};
use crate::slot::{Inside, Question};

use super::cluster::Cluster;

/// The annotation by which a pod says which of its containers is meant when none is named.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Where the pod specification of a kind stands, as a path of keys.
fn pod_spec_path(kind: &str) -> &'static str {
    match kind {
        "Pod" => "spec",
        "CronJob" => "spec.jobTemplate.spec.template.spec",
        _ => "spec.template.spec",
    }
}

fn pod_spec(object: &Value) -> Option<&Value> {
    let path = pod_spec_path(object.get("kind").and_then(Value::as_str).unwrap_or_default());
    path.split('.').try_fold(object, |here, key| here.get(key))
}

/// The containers of a template: its own, not those that only prepare.
pub fn containers(object: &Value) -> impl Iterator<Item = &Value> {
    pod_spec(object).and_then(|spec| spec.get("containers")).and_then(Value::as_array).into_iter().flatten()
}

/// Its containers and those that prepare.
fn all_containers(object: &Value) -> impl Iterator<Item = &Value> {
    let prepare = pod_spec(object).and_then(|spec| spec.get("initContainers")).and_then(Value::as_array);
    containers(object).chain(prepare.into_iter().flatten())
}

fn name_of(container: &Value) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// The container of that name, whether it only prepares or not.
#[must_use]
pub fn container<'o>(object: &'o Value, name: &str) -> Option<&'o Value> {
    all_containers(object).find(|container| name_of(container) == name)
}

/// The list a container stands in: `containers` or `initContainers`.
fn list_of(object: &Value, name: &str) -> &'static str {
    if containers(object).any(|container| name_of(container) == name) {
        "containers"
    } else {
        "initContainers"
    }
}

/// The path of a container's field, as `patch_resource` takes it.
#[must_use]
pub fn field_path_of(object: &Value, name: &str, field: &str) -> String {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    format!("{}.{}[{name}].{field}", pod_spec_path(kind), list_of(object, name))
}

/// The container that a call names, once grounding has settled it.
///
/// # Errors
/// `InvalidArguments` when it names none.
pub fn said_container(container: Option<&str>) -> Result<&str> {
    container.ok_or_else(|| {
        Feedback::new(ErrorKind::InvalidArguments, "which container is not said")
            .next("name the container")
            .into()
    })
}

/// The container of that name, to be changed.
///
/// # Errors
/// `NotFound` with the names there are.
pub fn container_mut<'o>(object: &'o mut Value, name: &str) -> Result<&'o mut Value> {
    let names: Vec<String> = all_containers(object).map(|container| name_of(container).to_owned()).collect();
    let list = list_of(object, name);
    let path = pod_spec_path(object.get("kind").and_then(Value::as_str).unwrap_or_default());
    path.split('.')
        .try_fold(object, |here, key| here.get_mut(key))
        .and_then(|spec| spec.get_mut(list))
        .and_then(Value::as_array_mut)
        .and_then(|list| list.iter_mut().find(|container| name_of(container) == name))
        .ok_or_else(|| {
            Feedback::new(ErrorKind::NotFound, format!("there is no container called {name:?}"))
                .next(format!("name one of {}", names.join(", ")))
                .candidates(names)
                .into()
        })
}

/// The name an image goes by: without its registry, tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(':').next().unwrap_or(last)
}

/// An image without its tag and digest.
fn untagged(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// Which container of a template is meant. The only one is; of several the one that has this image already, in
/// another version, or the one that the template itself names; else it is asked.
#[derive(Debug)]
pub struct WhichContainer<'a> {
    /// The container as it was said, or found.
    pub container: &'a mut Option<String>,
    /// The image it is to get; one that is only a tag (`:1.4`) is completed.
    pub image: Option<&'a mut String>,
}

impl WhichContainer<'_> {
    fn settle(&mut self, object: &Value) -> Option<Question> {
        let names = || containers(object).map(|container| name_of(container).to_owned());
        if let Some(said) = self.container.as_deref() {
            if container(object, said).is_none() {
                let known: Vec<String> =
                    all_containers(object).map(|container| name_of(container).to_owned()).collect();
                return Some(ask(
                    &format!("There is no container called {said:?}. Which one is meant"),
                    known,
                ));
            }
        } else {
            let Some(found) = self.guess(object) else {
                return Some(ask("Which container is meant", names().collect()));
            };
            *self.container = Some(found);
        }
        self.complete(object);
        None
    }

    fn guess(&self, object: &Value) -> Option<String> {
        let all: Vec<&Value> = containers(object).collect();
        if let [one] = all.as_slice() {
            return Some(name_of(one).to_owned());
        }
        if let Some(image) = self.image.as_deref().filter(|image| !image.starts_with(':')) {
            let wanted = repository(image);
            let mut same = all.iter().filter(|container| {
                container.get("image").and_then(Value::as_str).is_some_and(|now| repository(now) == wanted)
            });
            if let (Some(one), None) = (same.next(), same.next()) {
                return Some(name_of(one).to_owned());
            }
        }
        let path = pod_spec_path(object.get("kind").and_then(Value::as_str).unwrap_or_default());
        let template = path.strip_suffix(".spec").unwrap_or_default();
        let named = template
            .split('.')
            .filter(|key| !key.is_empty())
            .try_fold(object, |here, key| here.get(key))
            .and_then(|template| template.get("metadata")?.get("annotations")?.get(DEFAULT_CONTAINER))
            .and_then(Value::as_str)?;
        all.iter().any(|container| name_of(container) == named).then(|| named.to_owned())
    }

    /// `:1.4` is the image that is there, in version 1.4.
    fn complete(&mut self, object: &Value) {
        let (Some(image), Some(name)) = (&mut self.image, self.container.as_deref()) else { return };
        let Some(tag) = image.strip_prefix(':') else { return };
        if let Some(now) = container(object, name).and_then(|one| one.get("image")).and_then(Value::as_str) {
            **image = format!("{}:{tag}", untagged(now));
        }
    }
}

fn ask(question: &str, names: Vec<String>) -> Question {
    Question {
        question: format!("{question}: {}?", names.join(" or ")),
        choices: names.into_iter().map(|name| (format!("container {name}"), "container", name)).collect(),
    }
}

impl Inside for WhichContainer<'_> {
    fn fill<'f>(&'f mut self, object: &'f Value, _: &'f Cluster) -> BoxFuture<'f, Result<Option<Question>>> {
        Box::pin(async move { Ok(self.settle(object)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn two() -> Value {
        json!({"kind": "Deployment", "spec": {"template": {"spec": {
            "initContainers": [{"name": "prepare", "image": "busybox:1"}],
            "containers": [{"name": "web", "image": "registry.local:5000/team/web:1.0"}, {"name": "proxy", "image": "envoy"}]}}}})
    }

    fn settled(
        object: &Value,
        container: Option<&str>,
        image: Option<&str>,
    ) -> (Option<String>, String, bool) {
        let (mut container, mut image) = (container.map(str::to_owned), image.map(str::to_owned));
        let mut which = WhichContainer { container: &mut container, image: image.as_mut() };
        let asks = which.settle(object).is_some();
        (container, image.unwrap_or_default(), asks)
    }

    #[test]
    fn the_container_with_that_image_is_meant() {
        let found = settled(&two(), None, Some("web:2.0"));
        assert_eq!(found, (Some("web".into()), "web:2.0".into(), false));
        assert!(settled(&two(), None, Some("redis:7")).2);
        assert!(settled(&two(), None, None).2);
        assert!(settled(&two(), Some("wob"), None).2);
        assert_eq!(settled(&two(), Some("prepare"), None).0.as_deref(), Some("prepare"));
    }

    #[test]
    fn the_template_may_say_which_one() {
        let mut object = two();
        object["spec"]["template"]["metadata"] = json!({"annotations": {DEFAULT_CONTAINER: "proxy"}});
        assert_eq!(settled(&object, None, None).0.as_deref(), Some("proxy"));
    }

    #[test]
    fn a_tag_alone_keeps_the_image() {
        let found = settled(&two(), Some("web"), Some(":2.0"));
        assert_eq!(found.1, "registry.local:5000/team/web:2.0");
        assert_eq!(settled(&two(), Some("proxy"), Some(":v1")).1, "envoy:v1");
    }

    #[test]
    fn containers_that_prepare_can_be_changed_by_name() {
        let mut object = two();
        container_mut(&mut object, "prepare").unwrap()["image"] = json!("busybox:2");
        assert_eq!(container(&object, "prepare").unwrap()["image"], "busybox:2");
        assert_eq!(list_of(&object, "prepare"), "initContainers");
        let error = container_mut(&mut object, "none").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
