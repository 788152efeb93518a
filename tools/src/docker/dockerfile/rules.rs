//! Every rule about Dockerfiles: its name, how bad a hit is, what to do, and where the rule comes from.

use crate::severity::Severity;

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// How bad a hit is.
    pub severity: Severity,
    /// What it looks for.
    pub title: &'static str,
    /// What to do about a hit.
    pub fix: &'static str,
    /// The same rule elsewhere: hadolint's numbers (`DL…`) and names of Docker's build checks.
    pub same_as: &'static [&'static str],
    /// The page it follows.
    pub source: &'static str,
}

const BEST: &str = "https://docs.docker.com/build/building/best-practices/";
const REFERENCE: &str = "https://docs.docker.com/reference/dockerfile/";
const CHECKS: &str = "https://docs.docker.com/reference/build-checks/";
const CACHE: &str = "https://docs.docker.com/build/cache/optimize/";
const SECRETS: &str = "https://docs.docker.com/build/building/secrets/";
const MULTI_STAGE: &str = "https://docs.docker.com/build/building/multi-stage/";
const CONTEXT: &str = "https://docs.docker.com/build/concepts/context/";
const HADOLINT: &str = "https://github.com/hadolint/hadolint#rules";
const NPM: &str = "https://docs.npmjs.com/cli/commands/npm-ci";

/// The rule of that name.
pub(super) fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

macro_rules! rules {
    ($($id:literal $severity:ident $source:ident [$($same:literal)*] $title:literal => $fix:literal;)*) => {
        /// Every rule, sorted by name.
        pub static RULES: &[Rule] = &[$(Rule {
            id: $id,
            severity: Severity::$severity,
            title: $title,
            fix: $fix,
            same_as: &[$($same),*],
            source: $source,
        }),*];
    };
}

rules! {
    "add-instead-of-copy" Warning BEST ["DL3020"] "ADD copies a local file"
        => "use COPY; ADD also unpacks archives and downloads, which is rarely meant";
    "add-unverified-download" Info REFERENCE [] "ADD downloads without a checksum"
        => "add --checksum=sha256:…, so that a changed file fails the build";
    "apk-cache-kept" Warning HADOLINT ["DL3019"] "apk add keeps its package index in the image"
        => "use `apk add --no-cache`";
    "apt-command" Info HADOLINT ["DL3027"] "apt is made for people, its output and options may change"
        => "use apt-get or apt-cache in scripts";
    "apt-lists-kept" Warning BEST ["DL3009"] "apt-get leaves its package lists in the image"
        => "end the same RUN with `rm -rf /var/lib/apt/lists/*`, or mount a cache there";
    "apt-recommends" Warning BEST ["DL3015"] "apt-get installs recommended packages too"
        => "use `apt-get install --no-install-recommends`";
    "apt-update-alone" Warning BEST [] "apt-get update without an install in the same RUN"
        => "put update and install into one RUN, or a cached, stale list is installed from";
    "base-latest" Warning BEST ["DL3007"] "the base image has the tag latest"
        => "name the version you tested with";
    "base-unpinned" Info BEST [] "the base image is not pinned by digest"
        => "append @sha256:…, so that every build starts from the same image";
    "base-untagged" Warning BEST ["DL3006"] "the base image has no tag, so it is latest"
        => "name the version you tested with";
    "chmod-777" Warning HADOLINT [] "everybody may write"
        => "give the user that runs the program only what it needs (COPY --chown, chmod 755)";
    "copy-before-install" Warning CACHE [] "the source is copied before dependencies are installed"
        => "copy the manifest and lock file, install, then copy the rest: a changed source keeps the cache";
    "copy-from-unknown" Warning REFERENCE ["DL3022" "DL3023"] "COPY --from names no earlier stage"
        => "name an earlier stage, or an image with its tag";
    "copy-needs-slash" Error REFERENCE ["DL3021"] "several sources are copied to a target that is no folder"
        => "end the target with /";
    "env-old-form" Info CHECKS ["LegacyKeyValueFormat"] "ENV is written without ="
        => "write ENV NAME=value";
    "exposed-port-invalid" Error CHECKS ["DL3011" "ExposeInvalidFormat"] "EXPOSE names no valid port"
        => "use a number from 1 to 65535, with /tcp or /udp if need be";
    "fixed-platform" Info CHECKS ["DL3029" "FromPlatformFlagConstDisallowed"] "FROM fixes the platform"
        => "leave --platform away or use $BUILDPLATFORM or $TARGETPLATFORM";
    "install-unconfirmed" Error HADOLINT ["DL3014" "DL3030" "DL3034" "DL3038"] "an install waits for a yes nobody can give"
        => "add -y";
    "maintainer" Warning CHECKS ["DL4000" "MaintainerDeprecated"] "MAINTAINER is deprecated"
        => "use LABEL org.opencontainers.image.authors=\"…\"";
    "no-healthcheck" Info REFERENCE [] "the image has no HEALTHCHECK"
        => "add one for Docker and Compose; Kubernetes uses its own probes instead";
    "no-ignore-file" Warning CONTEXT [] "the whole context is copied and no .dockerignore filters it"
        => "add a .dockerignore with at least .git, .env and the folders that builds make";
    "npm-install" Warning NPM [] "npm install may change the lock file and install other versions"
        => "use `npm ci`";
    "packages-unpinned" Info HADOLINT ["DL3008" "DL3013" "DL3016" "DL3018" "DL3028" "DL3033" "DL3041"] "packages are installed in whatever version is newest"
        => "name versions where a new one could break the image";
    "pip-cache-kept" Warning HADOLINT ["DL3042"] "pip keeps its downloads in the image"
        => "use `pip install --no-cache-dir`, or mount a cache";
    "pipe-hides-failure" Info BEST ["DL4006"] "a failing command before a pipe does not fail the build"
        => "begin with `set -o pipefail &&`, or set SHELL to a shell with that option";
    "pipe-to-shell" Warning HADOLINT [] "a download is run without being looked at"
        => "download, compare its checksum, then run it";
    "runs-as-root" Error BEST ["DL3002"] "the program runs as root"
        => "create a user and end the file with USER, best by number: `USER 10001`";
    "secret-file-copied" Error SECRETS [] "a file with secrets is copied into the image"
        => "use RUN --mount=type=secret at build time and pass secrets at run time";
    "secret-in-instruction" Error SECRETS [] "a secret stands in the Dockerfile"
        => "take it out and change it; use RUN --mount=type=secret";
    "secret-in-variable" Error CHECKS ["SecretsUsedInArgOrEnv"] "ARG or ENV holds a secret, and images keep both"
        => "use RUN --mount=type=secret at build time and pass secrets at run time";
    "several-cmd" Warning CHECKS ["DL4003" "MultipleInstructionsDisallowed"] "only the last CMD counts"
        => "keep the last one";
    "several-entrypoint" Warning CHECKS ["DL4004" "MultipleInstructionsDisallowed"] "only the last ENTRYPOINT counts"
        => "keep the last one";
    "several-healthcheck" Warning CHECKS ["DL3012" "MultipleInstructionsDisallowed"] "only the last HEALTHCHECK counts"
        => "keep the last one";
    "shell-form" Warning CHECKS ["DL3025" "JSONArgsRecommended"] "a shell stands between the container and its program and swallows signals"
        => "write it as a JSON array: CMD [\"program\", \"argument\"]";
    "sudo" Warning BEST ["DL3004"] "sudo in a build"
        => "switch with USER, or use gosu at run time";
    "tools-in-image" Warning MULTI_STAGE [] "compilers and build tools are part of the image"
        => "build in one stage and COPY --from it into a small one";
    "undeclared-argument" Error CHECKS ["UndefinedArgInFrom"] "FROM uses a variable that no ARG before it declares"
        => "declare it with ARG, with a default, before the first FROM";
    "workdir-relative" Warning CHECKS ["DL3000" "WorkdirRelativePath"] "WORKDIR is relative to whatever the base image has"
        => "use an absolute path";
    "yum-cache-kept" Warning HADOLINT ["DL3032" "DL3036" "DL3040"] "the package manager's cache stays in the image"
        => "end the same RUN with `dnf clean all` (or yum, zypper)";
}

/// The documentation page of the rules.
#[cfg(test)]
pub(super) fn page() -> String {
    let mut page = String::from(
        "# What `analyze_dockerfile` looks for\n\n\
         Made from `tools/src/docker/dockerfile/rules.rs`; a test keeps both in step. `# hadolint ignore=NAME` above\n\
         an instruction and `# check=skip=NAME` at the top silence a rule, by its name here or its name there.\n\n\
         | rule | severity | looks for | do | same as | source |\n|---|---|---|---|---|---|\n",
    );
    for rule in RULES {
        page.push_str(&format!(
            "| `{}` | {} | {} | {} | {} | <{}> |\n",
            rule.id,
            rule.severity,
            rule.title,
            rule.fix.replace('|', "\\|"),
            rule.same_as.join(", "),
            rule.source
        ));
    }
    page
}
