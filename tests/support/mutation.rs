//! Whether a command line changes something, whatever the tool that shows it says of itself. Programs that
//! nobody listed here do.

const KUBECTL: &str = "scale delete apply create patch edit set label annotate cordon uncordon drain taint expose \
    autoscale exec run cp replace attach debug certificate";
const HELM: &str = "install upgrade uninstall delete del un rollback";
const DOCKER: &str = "run build rm rmi stop kill start restart tag push pull load import commit exec create rename \
    update pause unpause cp login";
const DOCKER_GROUP: &str = "rm remove prune build bake tag push pull load import stop start kill restart exec run \
    create connect disconnect";
const COMPOSE: &str = "up down stop start restart rm exec run build pull push kill create pause unpause";
const READERS: &str = "shipmate diff grype cat ls grep egrep head tail sort uniq wc cut tr awk sed column less jq \
    yq base64 hadolint trivy dockle crictl";
const TAKES_VALUE: &str = "-n --namespace --context --kubeconfig --cluster --user -s --server -H --host -p --profile \
    --as -f --file --project-name --name";

/// Whether any part of the line, split at pipes and the like, changes something.
pub fn mutates(command: &str) -> bool {
    let tokens = words(command);
    tokens
        .split(|token| token.chars().all(|character| "|&;".contains(character)))
        .any(|part| !part.is_empty() && part_mutates(part))
}

fn one_of(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn part_mutates(tokens: &[String]) -> bool {
    let program = tokens[0].rsplit('/').next().unwrap_or_default();
    let words = positionals(&tokens[1..]);
    let word = |index: usize| words.get(index).copied().unwrap_or_default();
    let (first, second) = (word(0), word(1));
    // After -- begins another program's line.
    let own: Vec<&str> = tokens.iter().map(String::as_str).take_while(|token| *token != "--").collect();
    let has = |flag: &str| tokens.iter().any(|token| token == flag);
    let dry = own.iter().any(|token| {
        *token == "--dry-run"
            || ["client", "server", "true"].iter().any(|how| **token == format!("--dry-run={how}"))
    });
    match program {
        "kubectl" => match first {
            "rollout" => one_of("restart undo pause resume", second),
            "config" => {
                !second.is_empty()
                    && !one_of("view get-contexts current-context get-clusters get-users", second)
            }
            "auth" => second == "reconcile",
            "set" if second == "env" && has("--list") => false,
            _ => one_of(KUBECTL, first) && (!dry || one_of("exec attach debug cp", first)),
        },
        "helm" => one_of(HELM, first) && !dry,
        "docker-compose" => one_of(COMPOSE, first),
        "docker" => match first {
            "compose" => one_of(COMPOSE, second),
            "image" | "container" | "volume" | "network" | "system" | "builder" | "buildx" => {
                one_of(DOCKER_GROUP, second) && !has("--check")
            }
            _ => one_of(DOCKER, first) && !has("--check"),
        },
        "minikube" => {
            one_of("start stop delete pause", first)
                || (one_of("addons image", first) && !second.is_empty() && !one_of("list ls", second))
        }
        "kind" | "k3d" => {
            one_of("create delete load start stop import cluster image", first)
                && !one_of("list ls get", second)
        }
        "ctr" => words.iter().any(|word| one_of("import rm delete kill run exec", word)),
        _ => !one_of(READERS, program),
    }
}

fn positionals(tokens: &[String]) -> Vec<&str> {
    let mut found = Vec::new();
    let mut skip = false;
    for token in tokens {
        if std::mem::take(&mut skip) {
            continue;
        }
        if token.starts_with('-') {
            skip = one_of(TAKES_VALUE, token);
        } else {
            found.push(token.as_str());
        }
    }
    found
}

/// Splits as a shell does: quotes and backslashes keep words together, pipes stand alone.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(character);
            }
            (None, '|' | '&' | ';') => {
                words.extend(word.take());
                let mut operator = character.to_string();
                while let Some(next) = characters.next_if(|next| "|&;".contains(*next)) {
                    operator.push(next);
                }
                words.push(operator);
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[test]
fn what_a_command_does_is_seen_through_its_flags_and_pipes() {
    for reads in [
        "kubectl -n delete get pods",
        "kubectl apply --dry-run=server -f x.yaml",
        "kubectl logs deployment/web | grep -i 'delete; rm'",
        "docker build --check .",
        "helm upgrade web ./chart --dry-run",
        "kubectl set env deployment/web --list",
    ] {
        assert!(!mutates(reads), "{reads}");
    }
    for changes in [
        "kubectl -n shop delete pod web",
        "kubectl get pods -o name | xargs kubectl delete",
        "kubectl exec web --dry-run=client -- rm -rf /data",
        "kubectl exec web -- ls --dry-run",
        "docker build .",
        "docker compose -f a.yml down",
        "some-unknown-program --list",
    ] {
        assert!(mutates(changes), "{changes}");
    }
}
