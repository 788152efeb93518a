//! Reading fields of objects as the API server sends them, without failing on what is missing.

use crate::kubernetes::controlling_owner;
use jiff::Timestamp;
use serde_json::Value;

/// The text at a JSON pointer, empty when there is none.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a JSON pointer.
pub(super) fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// The items at a JSON pointer.
pub(super) fn items<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(super) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// The uid of the controlling owner, with its kind and name.
pub(super) fn controller(object: &Value) -> Option<(&str, &str, &str)> {
    controlling_owner(object).map(|owner| (text(owner, "/uid"), text(owner, "/kind"), text(owner, "/name")))
}

/// Seconds since the time at a JSON pointer.
pub(super) fn seconds_since(now: Timestamp, object: &Value, pointer: &str) -> Option<i64> {
    let time: Timestamp = object.pointer(pointer)?.as_str()?.parse().ok()?;
    Some(now.as_second() - time.as_second())
}

/// Seconds since an object was made.
pub(super) fn age(now: Timestamp, object: &Value) -> i64 {
    seconds_since(now, object, "/metadata/creationTimestamp").unwrap_or(i64::MAX)
}

/// The condition of a type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(object, "/status/conditions").find(|condition| text(condition, "/type") == kind)
}

/// Whether the labels of `object` carry every label of a plain selector (`{app: web}`).
pub(super) fn selects(selector: &Value, object: &Value) -> bool {
    let Some(wanted) = selector.as_object() else { return false };
    let labels = object.pointer("/metadata/labels");
    !wanted.is_empty()
        && wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

/// Seconds as people say them.
pub(super) fn duration(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
