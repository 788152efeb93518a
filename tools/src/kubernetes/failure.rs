//! What a failed request means for the person who asked: which verb on which resource, what to do next.

use kube::Error;

use crate::error::{ErrorKind, Feedback, ToolError};

/// Turns a client's error into one with a kind and a next step. `doing` completes "could not …", such as
/// `list pods in todo`.
#[must_use]
pub fn failure(doing: &str, error: &Error) -> ToolError {
    let feedback = match error {
        Error::Api(status) => {
            let message = &status.message;
            match status.code {
                401 => Feedback::new(ErrorKind::Unauthorized, format!("could not {doing}: the cluster does not accept your credentials"))
                    .next("they may have expired: log in again with your provider's tool, then try `kubectl auth whoami`"),
                403 => Feedback::new(ErrorKind::Forbidden, format!("could not {doing}: {message}"))
                    .next("ask whoever manages access for that verb on that resource; `kubectl auth can-i --list` shows what you may do"),
                404 => Feedback::new(ErrorKind::NotFound, format!("could not {doing}: {message}"))
                    .next("check the name and the namespace; `kubectl get` with the kind lists what there is"),
                409 => Feedback::new(ErrorKind::Conflict, format!("could not {doing}: {message}"))
                    .next("it changed in the meantime: look again, then ask again"),
                400 | 422 => Feedback::new(ErrorKind::InvalidArguments, format!("could not {doing}: {message}")),
                429 => Feedback::new(ErrorKind::Unreachable, format!("could not {doing}: the cluster asks for fewer requests"))
                    .next("wait a moment and try again"),
                503 | 504 => Feedback::new(ErrorKind::Unreachable, format!("could not {doing}: {message}"))
                    .next("the server or an API behind it is down: `shipmate doctor` looks at each part"),
                code => Feedback::new(ErrorKind::Other, format!("could not {doing}: the cluster answered {code}: {message}")),
            }
        }
        Error::Auth(source) => Feedback::new(ErrorKind::Unauthorized, format!("could not {doing}: no credentials: {source}"))
            .next("log in again with your provider's tool"),
        Error::Service(_) | Error::HyperError(_) | Error::ReadEvents(_) => {
            Feedback::new(ErrorKind::Unreachable, format!("could not {doing}: {}", chain(error)))
                .next("check that the cluster runs and that its address is right: `kubectl cluster-info`, `shipmate doctor`")
        }
        other => Feedback::new(ErrorKind::Other, format!("could not {doing}: {}", chain(other))),
    };
    feedback.into()
}

/// The error and its sources in one line, without the repetitions that wrapped transport errors have.
fn chain(error: &dyn std::error::Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        source = inner.source();
    }
    // What a timer of the transport says, in words of people.
    if parts.last().is_some_and(|innermost| innermost.ends_with("deadline has elapsed")) {
        return "the cluster's address did not answer in time".to_owned();
    }
    let innermost = parts.split_off(parts.len().saturating_sub(2));
    innermost.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_never_answers_is_said_in_words() {
        let late = tokio::time::timeout(std::time::Duration::ZERO, std::future::pending::<()>()).await;
        let error = Error::Service(Box::new(late.unwrap_err()));
        let told = failure("list pods in todo", &error).to_string();
        assert!(
            told.contains("could not list pods in todo: the cluster's address did not answer in time"),
            "{told}"
        );
    }
}
