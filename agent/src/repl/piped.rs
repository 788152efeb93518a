//! Requests from a pipe: each line that is not empty is one. No prompt, no colour, no questions.
//!
//! An approval is never read from here. A line that is only an answer ("y"), behind a request that wanted one,
//! is passed over: it must not become a request of its own. The exit code is that of the first line that did
//! not end well, so that a script sees its first cause; the lines after it still run.

use std::io::{BufRead, Read as _};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::error::{AgentError, ExitCode};
use crate::session::REQUEST_LIMIT;
use crate::turn::Shown;

use super::conversation::Conversation;
use super::lines;

/// Takes the requests of standard input, one after the other.
pub(super) async fn run(mut conversation: Conversation<'_>) -> ExitCode {
    let mut requests = requests();
    let mut first_failure = None;
    let mut unanswered: Option<Vec<String>> = None;
    loop {
        let read = tokio::select! {
            read = requests.recv() => read,
            _ = tokio::signal::ctrl_c() => return ExitCode::Interrupted,
        };
        let Some(read) = read else { break };
        let taken = match read {
            Ok(line) if line.is_empty() => continue,
            Ok(line) => {
                if unanswered.as_ref().is_some_and(|names| lines::is_answer(&line, names)) {
                    conversation.driver.face.show(&Shown::Note(
                        "Passed over an answer on standard input: approvals are given in a terminal, or with --yes.".to_owned(),
                    ));
                    continue;
                }
                conversation.take(&line).await
            }
            Err(error) => conversation.fail(error),
        };
        let failure = taken.code.filter(|code| *code != ExitCode::Done);
        first_failure = first_failure.or(failure);
        if taken.ends || failure == Some(ExitCode::Interrupted) || conversation.driver.face.is_gone() {
            break;
        }
        unanswered = taken.unanswered;
    }
    first_failure.unwrap_or(ExitCode::Done)
}

/// Reads on a thread of its own, because nothing can interrupt a read; one line ahead at most.
fn requests() -> Receiver<Result<String, AgentError>> {
    let (sender, receiver) = channel(1);
    let reading = sender.clone();
    let started = std::thread::Builder::new()
        .name("standard input".to_owned())
        .spawn(move || read(&mut std::io::stdin().lock(), &reading));
    if let Err(error) = started {
        let error = AgentError::new(ExitCode::Failed, format!("the machine gives no thread: {error}"));
        let _nobody_listens = sender.try_send(Err(error));
    }
    receiver
}

fn read(input: &mut impl BufRead, sender: &Sender<Result<String, AgentError>>) {
    let mut request = String::new();
    loop {
        let ended = match next_line(input) {
            Ok(Some(Ok(line))) => {
                request.push_str(&line);
                if line.ends_with('\\') {
                    request.push('\n');
                    continue;
                }
                sender.blocking_send(Ok(lines::joined(&std::mem::take(&mut request)))).is_err()
            }
            Ok(Some(Err(error))) => {
                request.clear();
                sender.blocking_send(Err(error)).is_err()
            }
            Ok(None) => {
                // A last line that ends in a backslash is still a request.
                let _nobody_listens = sender.blocking_send(Ok(lines::joined(&request)));
                true
            }
            Err(error) => {
                let error =
                    AgentError::new(ExitCode::Usage, format!("standard input cannot be read: {error}"));
                let _nobody_listens = sender.blocking_send(Err(error));
                true
            }
        };
        if ended {
            return;
        }
    }
}

/// The next line, or what is wrong with it; nothing at the end.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<Result<String, AgentError>>> {
    let mut bytes = Vec::new();
    let limit = REQUEST_LIMIT as u64 + 2;
    if input.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 == limit && !bytes.ends_with(b"\n") {
        // The rest of it is passed over without being kept: it can be endless.
        input.skip_until(b'\n')?;
        return Ok(Some(Err(AgentError::new(
            ExitCode::Usage,
            format!("a line on standard input is longer than {REQUEST_LIMIT} bytes"),
        )
        .hint("put long text into a file and name the file"))));
    }
    Ok(Some(match String::from_utf8(bytes) {
        Ok(line) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => Err(AgentError::new(
            ExitCode::Usage,
            format!("a line on standard input is not valid UTF-8 ({})", error.utf8_error()),
        )
        .hint("convert it, for example with iconv")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<Result<String, String>> {
        let (sender, mut receiver) = channel(100);
        read(&mut std::io::Cursor::new(input.to_vec()), &sender);
        drop(sender);
        let mut all = Vec::new();
        while let Ok(read) = receiver.try_recv() {
            all.push(read.map_err(|error| error.message));
        }
        all
    }

    #[test]
    fn lines_are_requests_and_the_last_needs_no_line_end() {
        let lines = all(b"show pods\r\n\n  \nscale web \\\nto 3\nlast");
        let lines: Vec<String> = lines.into_iter().flatten().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, ["show pods", "scale web to 3", "last"]);
    }

    #[test]
    fn a_bad_line_does_not_take_the_next_with_it() {
        let mut input = b"caf\xe9\nshow pods\n".to_vec();
        input.extend(vec![b'x'; REQUEST_LIMIT * 3]);
        input.extend(b"\nshow services\n");
        let read = all(&input);
        assert!(read[0].as_ref().unwrap_err().contains("UTF-8"));
        assert_eq!(read[1].as_deref(), Ok("show pods"));
        assert!(read[2].as_ref().unwrap_err().contains("longer than"));
        assert_eq!(read[3].as_deref(), Ok("show services"));
    }

    #[test]
    fn the_longest_line_is_still_taken() {
        let mut input = vec![b'x'; REQUEST_LIMIT];
        input.push(b'\n');
        assert!(all(&input)[0].is_ok());
    }
}
