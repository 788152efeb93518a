//! What `docker run` takes as text: published ports, and a command in words.

use std::fmt;

use crate::error::{ErrorKind, Feedback, Result};

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The address it listens at; every one when none is said.
    pub address: Option<String>,
    /// The port of this machine.
    pub outer: u16,
    /// The port in the container.
    pub inner: u16,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
}

impl Port {
    /// Reads `[address:][outer:]inner[/tcp|/udp]`; a single number is both.
    ///
    /// # Errors
    /// `InvalidArguments`.
    pub fn parse(text: &str) -> Result<Self> {
        let read = || {
            let (numbers, protocol) = match text.split_once('/') {
                None | Some((_, "tcp")) => (text.split('/').next()?, "tcp"),
                Some((numbers, "udp")) => (numbers, "udp"),
                Some(_) => return None,
            };
            let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
            let (rest, inner) = match numbers.rsplit_once(':') {
                Some((rest, inner)) => (Some(rest), number(inner)?),
                None => (None, number(numbers)?),
            };
            let (address, outer) = match rest.map(|rest| rest.rsplit_once(':').ok_or(rest)) {
                None => (None, inner),
                Some(Err(outer)) => (None, number(outer)?),
                Some(Ok((address, outer))) => {
                    (Some(address.parse::<std::net::IpAddr>().ok()?.to_string()), number(outer)?)
                }
            };
            Some(Self { address, outer, inner, protocol })
        };
        read().ok_or_else(|| {
            Feedback::new(ErrorKind::InvalidArguments, format!("{text:?} is no port"))
                .next("write it as 8080:80, 127.0.0.1:8080:80 or 8080, with ports from 1 to 65535")
                .into()
        })
    }

    /// The inner port as the engine names it: `80/tcp`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.inner, self.protocol)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = &self.address {
            write!(f, "{address}:")?;
        }
        write!(f, "{}:{}", self.outer, self.inner)?;
        if self.protocol == "udp" { f.write_str("/udp") } else { Ok(()) }
    }
}

/// The words of a command; one that needs a shell becomes `sh -c`.
///
/// # Errors
/// `InvalidArguments` for a quote that is never closed.
pub fn words(command: &str) -> Result<Vec<String>> {
    if command.contains(['|', '&', ';', '<', '>', '$', '`', '*', '\\', '\n']) {
        return Ok(vec!["sh".to_owned(), "-c".to_owned(), command.to_owned()]);
    }
    let (mut words, mut word, mut begun, mut quote) = (Vec::new(), String::new(), false, None);
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, begun) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if quote.is_some() {
        return Err(Feedback::new(ErrorKind::InvalidArguments, "the command has a quote that is not closed")
            .next("close the quote")
            .into());
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_docker_reads_them() {
        for (text, shown) in [
            ("8080:80", "8080:80"),
            ("6379", "6379:6379"),
            ("127.0.0.1:8080:80", "127.0.0.1:8080:80"),
            ("53:53/udp", "53:53/udp"),
        ] {
            assert_eq!(Port::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "0:80", "70000", "a:b", "1:2:3", "80/icmp", "-1"] {
            assert!(Port::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_command_is_split_as_a_shell_splits() {
        assert_eq!(words("echo 'a b' \"c\"d").unwrap(), ["echo", "a b", "cd"]);
        assert_eq!(words("a | b").unwrap(), ["sh", "-c", "a | b"]);
        assert!(words("echo 'a").is_err());
        assert_eq!(words("echo ''").unwrap(), ["echo", ""]);
    }
}
