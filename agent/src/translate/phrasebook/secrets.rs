//! Requests for the value of a secret, which are refused before anything is looked at.
//!
//! Names and keys of secrets may be asked for, and so may who can read them. What is refused is showing a
//! value, by whatever way: printing, decoding, dumping as YAML, echoing an environment variable.

use super::Understanding;
use super::normalise::{Shape, Token};

/// Words that ask to see something.
const REVEAL: &[&str] = &[
    "print", "show", "dump", "cat", "echo", "reveal", "read", "give", "tell", "decode", "get", "display",
    "expose", "export", "fetch", "view", "see", "output", "decrypt", "what", "is", "send", "paste",
    "printenv", "base64", "extract", "retrieve", "unmask", "leak", "find", "need", "want", "know", "log",
    "copy", "grab", "list", "return", "write", "spell", "share",
];

/// Words that are secrets themselves.
const SECRET: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "creds",
    "token",
    "tokens",
    "apikey",
    "apikeys",
    "pin",
    "kubeconfig",
    "privatekey",
];

/// First and second word of secrets with two words.
const SECRET_PAIRS: &[(&str, &[&str])] = &[
    ("api", &["key", "keys", "token", "secret"]),
    ("private", &["key", "keys"]),
    ("secret", &["value", "values", "key's", "content", "contents", "data"]),
    ("secrets", &["value", "values", "content", "contents", "data"]),
    ("access", &["key", "keys", "token"]),
    ("signing", &["key", "keys", "secret"]),
    ("encryption", &["key", "keys"]),
    ("connection", &["string", "strings"]),
    ("client", &["secret"]),
    ("tls", &["key"]),
    ("ssh", &["key", "keys"]),
    ("database", &["url", "dsn"]),
    ("db", &["url", "dsn"]),
];

/// Forms in which a secret would be shown whole.
const WHOLE: &[&str] = &[
    "yaml",
    "yml",
    "json",
    "decoded",
    "plaintext",
    "plain",
    "value",
    "values",
    "content",
    "contents",
    "data",
    "clear",
    "raw",
    "decode",
    "base64",
    "unencoded",
    "cleartext",
    "jsonpath",
    "template",
    "inside",
];

/// Words that ask about secrets without asking for one.
const ABOUT: &[&str] = &[
    "which",
    "exist",
    "exists",
    "may",
    "allowed",
    "permission",
    "permissions",
    "describe",
    "rotate",
    "where",
    "who",
    "access",
    "delete",
    "remove",
    "restart",
    "scale",
    "logs",
    "log",
    "events",
    "apply",
    "create",
    "uses",
    "mounted",
    "mounts",
    "mount",
    "count",
    "many",
    "unset",
    "set",
    "add",
    "names",
    "install",
    "deploy",
    "build",
    "upgrade",
    "rollout",
];

/// Where secrets lie in files.
const FILES: &[&str] = &[
    "serviceaccount/token",
    "secrets/kubernetes.io",
    ".kube/config",
    "id_rsa",
    "/etc/shadow",
    ".docker/config.json",
    ".aws/credentials",
    "/run/secrets",
];

/// A refusal when the request asks for the value of a secret.
pub(super) fn check(tokens: &[Token]) -> Option<Understanding> {
    let words: Vec<&Token> =
        tokens.iter().filter(|token| token.shape == Shape::Word || token.shape == Shape::Quoted).collect();
    let said = |list: &[&str]| words.iter().any(|token| list.contains(&token.word.as_str()));
    let file =
        words.iter().any(|token| FILES.iter().any(|file| token.word.contains(file)) || token.word == ".env");
    let thing = secret_thing(&words);
    let object = words.iter().any(|token| {
        matches!(token.word.as_str(), "secret" | "secrets")
            || token
                .word
                .split(['-', '/', '.', '_'])
                .any(|part| matches!(part, "secret" | "secrets" | "credentials"))
    });
    let can = words.iter().enumerate().any(|(position, token)| {
        matches!(token.word.as_str(), "can" | "may" | "could")
            && words
                .get(position + 1)
                .is_some_and(|next| next.word != "you" && next.word != "i" && next.word != "we")
    });
    let about = said(ABOUT) || can;
    let bare = !about && words.len() <= 6;
    let decoding = said(&["base64", "decode", "decrypt", "printenv", "unmask"]);
    let asks = said(REVEAL);
    let reveals = file && (asks || !about)
        || thing && (asks && !about || decoding || bare)
        || object && !can && said(WHOLE) && (asks || said(&["as", "-o", "in"]))
        || decoding && !about
        || said(&["printenv"])
        || object
            && words.iter().any(|token| {
                token.word.starts_with("-ojson")
                    || token.word.starts_with("-oyaml")
                    || token.word.starts_with("--output=")
            });
    reveals.then(|| {
        Understanding::Refusal(
            "I show no values of secrets, and put none into a record. Ask \"which secrets exist\" or \
             \"describe secret NAME\" for names and keys; to read a value yourself: \
             kubectl get secret NAME -o jsonpath='{.data.KEY}' | base64 -d"
                .to_owned(),
        )
    })
}

/// Whether something that is itself a secret is named: a word for one, or a variable that holds one.
fn secret_thing(words: &[&Token]) -> bool {
    words.iter().enumerate().any(|(position, token)| {
        let next = words.get(position + 1).map(|token| token.word.as_str());
        let heads_name = next.is_some_and(|next| {
            matches!(
                next,
                "service"
                    | "services"
                    | "server"
                    | "pod"
                    | "pods"
                    | "deployment"
                    | "job"
                    | "app"
                    | "worker"
                    | "manager"
                    | "api"
                    | "issuer"
                    | "statefulset"
                    | "cronjob"
                    | "ingress"
                    | "logs"
                    | "configmap"
                    | "generator"
                    | "reset"
                    | "refresh"
            )
        });
        let plain = SECRET.contains(&token.word.as_str()) && !heads_name;
        let pair = SECRET_PAIRS
            .iter()
            .any(|(first, second)| *first == token.word && next.is_some_and(|next| second.contains(&next)));
        plain || pair || is_secret_variable(&token.text)
    })
}

/// `OPENAI_API_KEY`, `$DATABASE_URL`, `${DB_PASSWORD}`: capitals and a part that says secret. An assignment
/// (`API_KEY=x`) sets one and shows none.
fn is_secret_variable(text: &str) -> bool {
    let dollar = text.starts_with('$');
    let name = text.trim_start_matches(['$', '{', '(']).trim_end_matches(['}', ')']);
    let shape = name.len() > 2
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && (dollar || name.contains('_'));
    const PARTS: &[&str] = &[
        "KEY",
        "SECRET",
        "TOKEN",
        "PASSWORD",
        "PASS",
        "PASSWD",
        "PWD",
        "CREDENTIALS",
        "CREDENTIAL",
        "CREDS",
        "DSN",
        "PRIVATE",
        "AUTH",
        "APIKEY",
        "SALT",
        "CERT",
    ];
    const STORES: &[&str] = &[
        "DATABASE",
        "DB",
        "REDIS",
        "MONGO",
        "MONGODB",
        "POSTGRES",
        "POSTGRESQL",
        "MYSQL",
        "AMQP",
        "BROKER",
        "RABBITMQ",
        "SMTP",
        "KAFKA",
        "CONNECTION",
        "JDBC",
    ];
    let parts: Vec<&str> = name.split('_').collect();
    shape
        && (parts.iter().any(|part| PARTS.contains(part))
            || (parts.iter().any(|part| STORES.contains(part))
                && parts.iter().any(|part| matches!(*part, "URL" | "URI" | "STRING" | "CONN"))))
}
