//! Requests for the value of a secret, which are refused before anything is looked at.
//!
//! Names and keys of secrets may be asked for, and so may who can read them. What is refused is showing a
//! value, by whatever way: printing, decoding, dumping as YAML, echoing an environment variable.

use super::Understanding;
use super::normalise::{Shape, Token};

/// Words that ask to see something.
const REVEAL: &str = "print show dump cat echo reveal read give tell decode get display expose export fetch view see output \
    decrypt what is send paste printenv base64 extract retrieve unmask leak find need want know log copy grab list \
    return write spell share gimme describe are look check";

/// Words that are secrets themselves.
const SECRET: &str = "password passwords passwd passphrase passphrases pwd credential credentials creds token tokens apikey apikeys \
    api-key api-keys pin kubeconfig privatekey";

/// Words that make a secret of "key": the key itself is asked for, not the keys of an object.
const KEY_OWNERS: &str = "api private access signing encryption ssh tls stripe openai aws gcp azure github gitlab license secret \
    deploy session master hmac jwt";

/// Two words that are a secret together, besides a key of one of `KEY_OWNERS`.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("secret", "value values content contents data"),
    ("secrets", "value values content contents data"),
    ("connection", "string strings"),
    ("client", "secret"),
    ("database", "url dsn"),
    ("db", "url dsn"),
];

/// Forms in which a secret would be shown whole.
const WHOLE: &str = "yaml yml json decoded plaintext plain value values content contents data clear raw decode base64 \
    unencoded cleartext unmasked inside env environment actual";

/// Words that ask about secrets without asking for one.
const ABOUT: &str = "which exist exists may allowed permission permissions describe rotate where who access delete remove restart \
    scale logs events apply create uses mounted mounts mount count many unset set add names install deploy build upgrade rollout \
    expire expired rotated";

/// Nouns that make a name of the secret before them: "the token service".
const HEADS: &str = "service services server pod pods deployment job app worker manager api issuer statefulset cronjob ingress logs \
    configmap generator reset refresh validator endpoint error errors";

/// Where secrets lie in files.
const FILES: &str = "serviceaccount/token secrets/kubernetes.io .kube/config id_rsa /etc/shadow .docker/config.json .aws/credentials \
    /run/secrets";

/// Parts of the names of variables that hold a secret.
const VARIABLE_PARTS: &str =
    "KEY SECRET TOKEN PASSWORD PASS PASSWD PWD CREDENTIALS CREDENTIAL CREDS DSN PRIVATE AUTH APIKEY SALT";

/// Variables whose address holds a password: `DATABASE_URL`.
const STORES: &str = "DATABASE DB REDIS MONGO MONGODB POSTGRES POSTGRESQL PG MYSQL AMQP BROKER RABBITMQ SMTP KAFKA CONNECTION JDBC";

fn any(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// A refusal when the request asks for the value of a secret.
pub(super) fn check(tokens: &[Token]) -> Option<Understanding> {
    let words: Vec<&Token> =
        tokens.iter().filter(|token| token.shape == Shape::Word || token.shape == Shape::Quoted).collect();
    let said = |list: &str| words.iter().any(|token| any(list, &token.word));
    let file = words.iter().any(|token| {
        token.word == ".env" || FILES.split_ascii_whitespace().any(|file| token.word.contains(file))
    });
    let object = words.iter().any(|token| {
        token.word.split(['-', '/', '.', '_']).any(|part| any("secret secrets credentials creds", part))
    });
    // "may the service account read secrets" asks who can.
    let others = words.windows(2).any(|pair| match pair {
        [first, second] => any("can may could", &first.word) && !any("you i we", &second.word),
        _ => false,
    });
    let about = said(ABOUT) || others;
    let decoding = said("base64 decode decrypt printenv unmask");
    let asks = said(REVEAL);
    let format = words.iter().any(|token| {
        token.word.contains("jsonpath")
            || token.word.contains("template")
            || any("-ojson -oyaml --output=json --output=yaml -o=json -o=yaml", &token.word)
    });
    let reveals = file && (asks || !about)
        || secret_thing(&words) && (decoding || !about && (asks || words.len() <= 6))
        || object && !others && (format || said(WHOLE) && (asks || said("as in -o")))
        || decoding && !about
        || said("printenv")
        || object && said("including with") && said("env environment variables vars");
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
        let word = token.word.as_str();
        let next = words.get(position + 1).map_or("", |token| token.word.as_str());
        let before = position
            .checked_sub(1)
            .and_then(|before| words.get(before))
            .map_or("", |token| token.word.as_str());
        let plain = any(SECRET, word) && !any(HEADS, next);
        let key = any("key keys", word) && any(KEY_OWNERS, before) && !any("of in for", next);
        let pair = SECRET_PAIRS.iter().any(|(first, second)| *first == word && any(second, next));
        plain || key || pair || is_secret_variable(&token.text)
    })
}

/// `OPENAI_API_KEY`, `$DATABASE_URL`, `${DB_PASSWORD}`: capitals and a part that says secret. An assignment
/// (`API_KEY=x`) sets one and shows none.
fn is_secret_variable(text: &str) -> bool {
    let name = text.trim_start_matches(['$', '{', '(']).trim_end_matches(['}', ')']);
    let capitals = name.len() > 2
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && (text.starts_with('$') || name.contains('_'));
    let has = |list: &str| name.split('_').any(|part| any(list, part));
    capitals && (has(VARIABLE_PARTS) || has(STORES) && has("URL URI STRING CONN"))
}

#[cfg(test)]
mod tests {
    use super::super::normalise::tokens;
    use super::*;

    #[test]
    fn values_are_refused_in_whatever_way_they_are_asked_for() {
        for request in [
            "what's the ledger's password",
            "show me the token of the ci bot",
            "print SMTP_PASSWORD",
            "echo ${MYSQL_URL} in the api pod",
            "get secret tls-edge -o yaml",
            "kubectl get secret tls-edge -o jsonpath={.data}",
            "decode the tls-edge secret",
            "what is inside the edge-credentials secret",
            "cat /var/run/secrets/kubernetes.io/serviceaccount/token",
            "give me the stripe key please",
            "RABBITMQ_PASS",
            "show all secrets in plain text",
        ] {
            assert!(check(&tokens(request)).is_some(), "{request}");
        }
    }

    #[test]
    fn names_keys_and_permissions_may_be_asked_for() {
        for request in [
            "which secrets are there in shop",
            "describe secret tls-edge",
            "list secrets",
            "may the robot service account read secrets",
            "logs of the token service",
            "restart the password-reset deployment",
            "set API_KEY=x on the api",
            "delete secret tls-edge",
            "show the pods of token-issuer",
        ] {
            assert!(check(&tokens(request)).is_none(), "{request}");
        }
    }
}
