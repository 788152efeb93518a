//! Each rule on a Dockerfile that breaks it, and on one that does not.

use super::*;

fn found(text: &str) -> Vec<String> {
    analyze(text, Surroundings { ignore_file: true })
        .unwrap()
        .iter()
        .map(|finding| format!("{}:{}", finding.line, finding.rule.id))
        .collect()
}

/// Whether exactly these rules fire, apart from the two remarks nearly every file gets.
fn assert_found(text: &str, expected: &[&str]) {
    let mut found = found(text);
    found.retain(|one| !one.ends_with(":base-unpinned") && !one.ends_with(":no-healthcheck"));
    found.sort();
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "in\n{text}");
}

#[test]
fn the_page_is_in_step() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dockerfile-rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, rules::page()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(page, rules::page(), "run `UPDATE_DOCS=1 cargo test -p shipmate-tools the_page_is_in_step`");
}

#[test]
fn rules_are_sorted_by_name_and_each_has_a_source() {
    for pair in RULES.windows(2) {
        assert!(pair[0].id < pair[1].id, "{} {}", pair[0].id, pair[1].id);
    }
    for rule in RULES {
        assert!(rule.source.starts_with("https://"), "{}", rule.id);
    }
}

/// Every rule that code fires exists, and every rule that exists is fired by some code.
#[test]
fn no_rule_is_forgotten() {
    let code = [
        include_str!("check_base.rs"),
        include_str!("check_copy.rs"),
        include_str!("check_image.rs"),
        include_str!("check_run.rs"),
        include_str!("check_secrets.rs"),
    ]
    .concat();
    for rule in RULES {
        assert!(code.contains(&format!("\"{}\"", rule.id)), "{} is never fired", rule.id);
    }
    let calls = code.match_indices("find(").filter_map(|(at, _)| {
        let rest = code[at + 5..].trim_start();
        rest.strip_prefix('"').and_then(|rest| rest.split('"').next())
    });
    for id in calls {
        assert!(rules::rule(id).is_some(), "{id} is no rule");
    }
}

#[test]
fn a_careful_file_has_no_finding_but_remarks() {
    assert_found(
        r#"# syntax=docker/dockerfile:1
ARG NODE_VERSION=22
FROM node:${NODE_VERSION}-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
RUN npm run build

FROM node:${NODE_VERSION}-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build --chown=node:node /app/dist ./dist
USER node
EXPOSE 3000
CMD ["node", "dist/server.js"]
"#,
        &[],
    );
}

#[test]
fn base_images() {
    assert_found("FROM debian\nUSER 1\n", &["1:base-untagged"]);
    assert_found("FROM registry.local:5000/debian\nUSER 1\n", &["1:base-untagged"]);
    assert_found("FROM debian:latest\nUSER 1\n", &["1:base-latest"]);
    assert_found("ARG TAG=latest\nFROM debian:$TAG\nUSER 1\n", &["2:base-latest"]);
    assert_found("ARG TAG\nFROM debian:$TAG\nUSER 1\n", &[]);
    assert_found("FROM debian:$TAG\nUSER 1\n", &["1:undeclared-argument"]);
    assert_found("FROM --platform=$BUILDPLATFORM debian:12 AS a\nFROM a\nUSER 1\n", &[]);
    assert_found("FROM --platform=linux/amd64 debian:12\nUSER 1\n", &["1:fixed-platform"]);
    assert_found("FROM debian@sha256:00 AS Base\nFROM base\nUSER 1\n", &[]);
}

#[test]
fn the_last_user_of_the_image_counts() {
    assert_found("FROM debian:12\n", &["1:runs-as-root"]);
    assert_found("FROM debian:12\nUSER app\nUSER 0:0\n", &["3:runs-as-root"]);
    assert_found("FROM debian:12 AS base\nUSER app\nFROM base\nWORKDIR x\n", &[]);
    assert_found("FROM debian:12 AS build\nUSER app\nFROM debian:12\n", &["3:runs-as-root"]);
    assert_found("FROM debian:12\nARG WHO=root\nUSER $WHO\n", &["3:runs-as-root"]);
    assert_found("FROM gcr.io/distroless/static:nonroot\n", &[]);
}

#[test]
fn apt_is_judged_where_it_ships() {
    assert_found(
        "FROM debian:12\nRUN apt-get update\nRUN apt-get install curl=7.*\nUSER 1\n",
        &["2:apt-update-alone", "3:apt-lists-kept", "3:apt-recommends", "3:install-unconfirmed"],
    );
    assert_found(
        "FROM debian:12\nRUN apt-get update && \\\n    # the client\n    apt-get install -y --no-install-recommends \\\n      curl=7.* && rm -rf /var/lib/apt/lists/*\nUSER 1\n",
        &[],
    );
    assert_found(
        "FROM debian:12 AS b\nRUN apt-get update && apt-get install -y gcc=12\nFROM scratch\nUSER 1\n",
        &[],
    );
    assert_found(
        "FROM debian:12\nRUN <<EOF\napt-get update\napt-get install -y --no-install-recommends curl\nEOF\nUSER 1\n",
        &["4:apt-lists-kept", "4:packages-unpinned"],
    );
}

#[test]
fn other_package_managers() {
    assert_found("FROM alpine:3\nRUN apk add curl=8\nUSER 1\n", &["2:apk-cache-kept"]);
    assert_found("FROM alpine:3\nRUN apk add --no-cache curl~8\nUSER 1\n", &[]);
    assert_found(
        "FROM python:3\nRUN pip install flask\nUSER 1\n",
        &["2:packages-unpinned", "2:pip-cache-kept"],
    );
    assert_found("FROM python:3\nENV PIP_NO_CACHE_DIR=1\nRUN pip install -r r.txt\nUSER 1\n", &[]);
    assert_found("FROM node:22\nRUN npm install && npm i -g pm2@5\nUSER 1\n", &["2:npm-install"]);
    assert_found(
        "FROM fedora:40\nRUN dnf install httpd\nUSER 1\n",
        &["2:install-unconfirmed", "2:yum-cache-kept"],
    );
}

#[test]
fn downloads_and_permissions() {
    assert_found(
        "FROM debian:12\nRUN curl -fsSL https://x.example/i | sudo bash\nRUN chmod -R 777 /app\nUSER 1\n",
        &["2:pipe-hides-failure", "2:pipe-to-shell", "2:sudo", "3:chmod-777"],
    );
    assert_found(
        "FROM debian:12\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN cat a | wc -l\nRUN chmod 1777 /tmp\nUSER 1\n",
        &[],
    );
}

#[test]
fn copying() {
    assert_found(
        "FROM node:22\nCOPY . .\nRUN npm ci\nADD app.js /app/\nADD app.tar.gz /app/\nADD https://x.example/f /f\nUSER 1\n",
        &["2:copy-before-install", "4:add-instead-of-copy", "6:add-unverified-download"],
    );
    assert_found(
        "FROM debian:12\nCOPY a b /c\nCOPY --from=0 x y\nCOPY --from=nginx x y\nCOPY --from=nginx:1 x y\nUSER 1\n",
        &["2:copy-needs-slash", "3:copy-from-unknown", "4:copy-from-unknown"],
    );
    let whole = "FROM debian:12\nCOPY . /src\nUSER 1\n";
    let without = analyze(whole, Surroundings { ignore_file: false }).unwrap();
    assert!(without.iter().any(|finding| finding.rule.id == "no-ignore-file" && finding.line == 2));
    assert_found(whole, &[]);
}

#[test]
fn starting_and_stopping() {
    assert_found(
        "FROM debian:12\nUSER 1\nCMD node a\nCMD [\"node\", \"b\"]\nENTRYPOINT exec node\n",
        &["3:shell-form", "4:several-cmd"],
    );
    assert_found(
        "FROM debian:12\nMAINTAINER me\nWORKDIR app\nENV A b\nEXPOSE 8080 99999 53/udp\nUSER 1\n",
        &["2:maintainer", "3:workdir-relative", "4:env-old-form", "5:exposed-port-invalid"],
    );
}

#[test]
fn build_tools_belong_into_a_stage() {
    assert_found("FROM golang:1.26\nRUN go build ./...\nUSER 1\n", &["1:tools-in-image", "2:tools-in-image"]);
    assert_found(
        "FROM golang:1.26 AS b\nRUN go build ./...\nFROM scratch\nCOPY --from=b /a /a\nUSER 1\n",
        &[],
    );
    assert_found("FROM alpine:3\nRUN apk add --no-cache gcc=1 && make && apk del gcc\nUSER 1\n", &[]);
}

#[test]
fn secrets_are_named_and_never_shown() {
    let text = "FROM debian:12\nARG NPM_TOKEN\nENV DB_PASSWORD=hunter2 LOG=info EMPTY_SECRET=\nCOPY .env id_rsa.pub .env.example /app/\nRUN curl -H 'Authorization: Bearer abcdef0123456789' https://x.example\nRUN --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) make\nUSER 1\n";
    assert_found(
        text,
        &["2:secret-in-variable", "3:secret-in-variable", "4:secret-file-copied", "5:secret-in-instruction"],
    );
    let all = analyze(text, Surroundings { ignore_file: true }).unwrap();
    assert!(
        all.iter().all(|finding| !finding.message.contains("hunter2") && !finding.message.contains("abcdef"))
    );
}

#[test]
fn odd_files_confuse_nothing() {
    assert_found("# escape=`\nFROM debian:12\nRUN echo a `\n  # comment`\n  b\nUSER 1\n", &[]);
    assert_found("\u{feff}from debian:12\r\nuser 1\r\n", &[]);
    assert_found("FROM debian:12\nONBUILD USER root\nONBUILD RUN sudo make\nUSER 1\n", &["3:sudo"]);
    assert_found("FROM debian:12\nCOPY <<one <<two /x/\nRUN sudo rm\none\nUSER root\ntwo\nUSER 1\n", &[]);
    assert_found("FROM debian:12\nRUN [\"apt-get\", \"update\"]\nUSER 1\n", &["2:apt-update-alone"]);
}

#[test]
fn silenced_rules_stay_silent() {
    assert_found("# hadolint ignore=DL3006\nFROM debian\nUSER 1\n", &[]);
    assert_found("# check=skip=MaintainerDeprecated\nFROM debian:1\nMAINTAINER me\nUSER 1\n", &[]);
    assert_found("FROM debian:12\n# hadolint ignore=sudo,DL3008\nRUN sudo \\\n  make\nUSER 1\n", &[]);
}

#[test]
fn a_file_that_is_none_names_the_line() {
    let error = analyze("FROM debian:12\nRUM make\n", Surroundings { ignore_file: true }).unwrap_err();
    assert_eq!(error, SyntaxError { line: 2, message: "unknown instruction 'RUM'".into() });
    let error = analyze("", Surroundings { ignore_file: true }).unwrap_err();
    assert_eq!(error.message, "expected at least one FROM instruction");
}
