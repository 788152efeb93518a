//! What takes disk on the engine, from its `/system/df`: the form that engines answered in until API 1.51
//! (lists at the top) and the one since (each list inside its own figures).

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One image, container, volume or piece of build cache.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Its identifier; of a volume its name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Bytes that would be free without it; what it shares with others is not counted.
    pub size: u64,
    /// Whether it is needed: by a container, for a container that runs, by another piece of the cache.
    pub in_use: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// An image's names.
    pub tags: Vec<String>,
    /// The image of a container.
    pub image: String,
}

impl Item {
    /// Whether it has a label, written `key` or `key=value`.
    #[must_use]
    pub fn has_label(&self, label: &str) -> bool {
        match label.split_once('=') {
            Some((key, value)) => self.labels.get(key).is_some_and(|own| own == value),
            None => self.labels.contains_key(label),
        }
    }
}

/// Everything of one type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// `Images`, `Containers`, `Volumes` or `Build cache`.
    pub kind: &'static str,
    /// All there are.
    pub items: Vec<Item>,
    /// Bytes of all of them.
    pub size: u64,
    /// Bytes of those that nothing needs.
    pub reclaimable: u64,
}

/// The four parts of an answer; what it does not say is empty.
#[must_use]
pub fn parts(answer: &Value) -> Vec<Part> {
    let images = list(answer, "Images", "ImageUsage", image);
    let containers = list(answer, "Containers", "ContainerUsage", container);
    let used: BTreeSet<&str> = containers.iter().map(|container| container.image.as_str()).collect();
    let images: Vec<Item> =
        images.into_iter().map(|item| Item { in_use: used.contains(item.id.as_str()), ..item }).collect();
    let layers =
        answer.get("LayersSize").or_else(|| answer.pointer("/ImageUsage/TotalSize")).and_then(Value::as_u64);
    let mut all = vec![
        part("Images", images),
        part("Containers", containers),
        part("Volumes", list(answer, "Volumes", "VolumeUsage", volume)),
        part("Build cache", list(answer, "BuildCache", "BuildCacheUsage", cache)),
    ];
    // Layers are shared, so the sum of the images is more than they take together.
    if let (Some(images), Some(layers)) = (all.first_mut(), layers) {
        images.size = layers;
        images.reclaimable =
            if images.items.iter().any(|item| item.in_use) { images.reclaimable.min(layers) } else { layers };
    }
    all
}

fn part(kind: &'static str, items: Vec<Item>) -> Part {
    let size = items.iter().map(|item| item.size).sum();
    let reclaimable = items.iter().filter(|item| !item.in_use).map(|item| item.size).sum();
    Part { kind, items, size, reclaimable }
}

fn list(answer: &Value, old: &str, new: &str, read: fn(&Value) -> Item) -> Vec<Item> {
    let list = answer.get(old).or_else(|| answer.get(new).and_then(|usage| usage.get("Items")));
    list.and_then(Value::as_array).into_iter().flatten().map(read).collect()
}

fn text(item: &Value, key: &str) -> String {
    item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A number of bytes; -1 is how the engine says that it does not know.
fn bytes(item: &Value, pointer: &str) -> u64 {
    item.pointer(pointer)
        .and_then(Value::as_i64)
        .and_then(|bytes| u64::try_from(bytes).ok())
        .unwrap_or_default()
}

fn labels(item: &Value) -> BTreeMap<String, String> {
    let labels = item.get("Labels").and_then(Value::as_object).into_iter().flatten();
    labels.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn strings(item: &Value, key: &str) -> Vec<String> {
    let values = item.get(key).and_then(Value::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn image(item: &Value) -> Item {
    let id = text(item, "Id");
    let mut tags = strings(item, "RepoTags");
    tags.retain(|tag| !tag.starts_with("<none>"));
    let name = match tags.as_slice() {
        [] => super::subject::short(&id).to_owned(),
        several => several.join(", "),
    };
    let size = bytes(item, "/Size").saturating_sub(bytes(item, "/SharedSize"));
    Item { name, size, labels: labels(item), tags, id, ..Item::default() }
}

fn container(item: &Value) -> Item {
    let names = strings(item, "Names");
    let name = names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default();
    Item {
        id: text(item, "Id"),
        name,
        size: bytes(item, "/SizeRw"),
        in_use: matches!(text(item, "State").as_str(), "running" | "paused" | "restarting" | "removing"),
        labels: labels(item),
        image: text(item, "ImageID"),
        ..Item::default()
    }
}

fn volume(item: &Value) -> Item {
    let name = text(item, "Name");
    Item {
        id: name.clone(),
        name,
        size: bytes(item, "/UsageData/Size"),
        in_use: bytes(item, "/UsageData/RefCount") > 0,
        labels: labels(item),
        ..Item::default()
    }
}

fn cache(item: &Value) -> Item {
    let flag = |key: &str| item.get(key).and_then(Value::as_bool).unwrap_or_default();
    Item {
        id: text(item, "ID"),
        name: crate::gate::text(&text(item, "Description")),
        // What an image shares is counted with the image.
        size: if flag("Shared") { 0 } else { bytes(item, "/Size") },
        in_use: flag("InUse"),
        ..Item::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_the_answer_say_the_same() {
        let image = json!({"Id": "sha256:aa", "RepoTags": ["web:1"], "Size": 100, "SharedSize": 40});
        let nameless = json!({"Id": "sha256:bb", "RepoTags": ["<none>:<none>"], "Size": 10, "SharedSize": -1,
            "Labels": {"a": "b"}});
        let container =
            json!({"Id": "cc", "Names": ["/web"], "State": "exited", "SizeRw": 7, "ImageID": "sha256:aa"});
        let volume = json!({"Name": "data", "UsageData": {"Size": 5, "RefCount": 0}});
        let old = json!({"LayersSize": 90, "Images": [image, nameless], "Containers": [container],
            "Volumes": [volume], "BuildCache": null});
        let new = json!({
            "ImageUsage": {"TotalSize": 90, "Items": [image, nameless]}, "ContainerUsage": {"Items": [container]},
            "VolumeUsage": {"Items": [volume]}, "BuildCacheUsage": {"TotalSize": 0},
        });
        let found = parts(&old);
        assert_eq!(found, parts(&new));
        let sizes: Vec<(u64, u64)> = found.iter().map(|part| (part.size, part.reclaimable)).collect();
        assert_eq!(sizes, [(90, 10), (7, 7), (5, 5), (0, 0)]);
        let images = &found.first().unwrap().items;
        assert!(images.first().unwrap().in_use);
        let nameless = images.get(1).unwrap();
        assert!(!nameless.in_use && nameless.tags.is_empty() && nameless.has_label("a=b"));
        assert!(nameless.has_label("a") && !nameless.has_label("a=c"));
    }
}
