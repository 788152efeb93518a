//! The build context: which files of a folder are sent to the engine, and the archive they are sent in.
//!
//! It is surveyed first, so that what would be sent can be shown and refused, and archived afterwards in
//! pieces: an archive is never held in memory as a whole. Links stay links, modes stay modes, owners become
//! root as the docker command line does.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{ErrorKind, Feedback, Result};

use super::ignore::{self, IgnoreFile, Inherited};

/// Most bytes of a context; more is nearly always a forgotten ignore file.
pub const SIZE_LIMIT: u64 = 2 * 1024 * 1024 * 1024;

/// Most entries of a context.
const ENTRY_LIMIT: usize = 300_000;

/// The name under which a Dockerfile outside of the context is sent.
const OUTSIDE_DOCKERFILE: &str = ".dockerfile.shipmate";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Folder,
    File(u64),
    Link(PathBuf),
}

#[derive(Debug, Clone)]
struct Entry {
    /// Relative to the context, with slashes.
    path: PathBuf,
    kind: Kind,
    mode: u32,
    modified: u64,
}

/// A surveyed context.
#[derive(Debug)]
pub struct Context {
    folder: PathBuf,
    entries: Vec<Entry>,
    /// The Dockerfile's name inside the archive.
    pub dockerfile: String,
    /// The Dockerfile's text.
    pub dockerfile_text: Vec<u8>,
    /// Whether the Dockerfile comes from outside the context.
    dockerfile_outside: bool,
    /// The ignore file that was used.
    pub ignore_file: Option<String>,
    /// Sockets, devices and pipes, which an archive for a build cannot hold.
    pub left_out: Vec<String>,
}

impl Context {
    /// Looks at every file of `folder` that would be sent.
    ///
    /// # Errors
    /// `NotFound` without a Dockerfile or folder; `InvalidArguments` when a file cannot be read, an ignore
    /// pattern is not valid, or the context is larger than [`SIZE_LIMIT`] (the message names what is largest).
    pub fn survey(folder: &Path, dockerfile: &Path) -> Result<Self> {
        let known = std::fs::metadata(folder)
            .map_err(|error| unreadable(folder, &error, "name a folder that exists as the context"))?;
        if !known.is_dir() {
            return Err(Feedback::new(
                ErrorKind::InvalidArguments,
                format!("the context {} is no folder", folder.display()),
            )
            .next("name the folder that holds what is built")
            .into());
        }
        let dockerfile_text = std::fs::read(dockerfile)
            .map_err(|error| unreadable(dockerfile, &error, "name the Dockerfile with --dockerfile"))?;
        let inside = relative(folder, dockerfile);
        let found = ignore::load(folder, dockerfile)?;
        let (ignore_file, mut patterns) =
            found.map_or((None, IgnoreFile::default()), |(name, file)| (Some(name), file));
        if !patterns.is_empty() {
            patterns.always_send(".dockerignore");
            if let Some(inside) = &inside {
                patterns.always_send(inside);
            }
        }
        let mut context = Self {
            folder: folder.to_owned(),
            entries: Vec::new(),
            dockerfile: inside.clone().unwrap_or_else(|| OUTSIDE_DOCKERFILE.to_owned()),
            dockerfile_text,
            dockerfile_outside: inside.is_none(),
            ignore_file,
            left_out: Vec::new(),
        };
        let mut bytes = 0;
        context.walk(Path::new(""), &patterns, &Inherited::default(), &mut bytes)?;
        context.entries.sort_by(|a, b| a.path.cmp(&b.path));
        if bytes > SIZE_LIMIT {
            return Err(context.too_large(bytes));
        }
        Ok(context)
    }

    fn walk(
        &mut self,
        prefix: &Path,
        patterns: &IgnoreFile,
        inherited: &Inherited,
        bytes: &mut u64,
    ) -> Result<()> {
        let folder = self.folder.join(prefix);
        let listed = std::fs::read_dir(&folder).map_err(|error| left_readable(&folder, &error))?;
        for entry in listed {
            let entry = entry.map_err(|error| left_readable(&folder, &error))?;
            let name = entry.file_name();
            let path = prefix.join(&name);
            let shown = path.to_string_lossy().replace('\\', "/");
            let (ignored, children) = patterns.matches(&shown, inherited);
            let metadata = entry.metadata().map_err(|error| left_readable(&entry.path(), &error))?;
            let kind = if metadata.is_dir() {
                Kind::Folder
            } else if metadata.is_symlink() {
                Kind::Link(
                    std::fs::read_link(entry.path()).map_err(|error| left_readable(&entry.path(), &error))?,
                )
            } else if metadata.is_file() {
                Kind::File(metadata.len())
            } else {
                if !ignored {
                    self.left_out.push(shown);
                }
                continue;
            };
            let is_folder = kind == Kind::Folder;
            if !ignored {
                if let Kind::File(size) = kind {
                    *bytes += size;
                }
                if self.entries.len() >= ENTRY_LIMIT {
                    return Err(self.too_large(*bytes));
                }
                self.entries.push(Entry {
                    path: path.clone(),
                    kind,
                    mode: mode(&metadata),
                    modified: modified(&metadata),
                });
            }
            if is_folder && (!ignored || !patterns.prunes(&shown)) {
                self.walk(&path, patterns, &children, bytes)?;
            }
        }
        Ok(())
    }

    fn too_large(&self, bytes: u64) -> crate::ToolError {
        let largest: Vec<String> = self
            .largest()
            .into_iter()
            .take(3)
            .map(|(name, size, count)| format!("{name} ({}, {})", human(size), files(count)))
            .collect();
        let how_much = if self.entries.len() >= ENTRY_LIMIT {
            format!("more than {ENTRY_LIMIT} files")
        } else {
            format!("{}, more than {}", human(bytes), human(SIZE_LIMIT))
        };
        Feedback::new(
            ErrorKind::InvalidArguments,
            format!(
                "the context {} has {how_much}; the largest parts are {}",
                self.folder.display(),
                largest.join(", ")
            ),
        )
        .next("name what the build does not need in .dockerignore, or choose a smaller folder as the context")
        .into()
    }

    /// How many files and links are sent.
    #[must_use]
    pub fn files(&self) -> usize {
        self.entries.iter().filter(|entry| entry.kind != Kind::Folder).count()
    }

    /// How many bytes they have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.iter().map(Entry::size).sum()
    }

    /// The parts at the context's top with their bytes and files, the largest first.
    #[must_use]
    pub fn largest(&self) -> Vec<(String, u64, usize)> {
        let mut parts: BTreeMap<String, (u64, usize)> = BTreeMap::new();
        for entry in &self.entries {
            let Some(first) = entry.path.components().next() else { continue };
            let part = parts.entry(first.as_os_str().to_string_lossy().into_owned()).or_default();
            part.0 += entry.size();
            part.1 += usize::from(entry.kind != Kind::Folder);
        }
        let mut parts: Vec<_> = parts.into_iter().map(|(name, (size, count))| (name, size, count)).collect();
        parts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        parts
    }

    /// The paths that are sent, with slashes.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.entries.iter().map(|entry| entry.path.to_string_lossy().replace('\\', "/"))
    }

    /// A number that differs when another set of files would be sent: names, sizes, modes and times, and the
    /// Dockerfile's text.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.dockerfile_text.hash(&mut hasher);
        for entry in &self.entries {
            entry.path.hash(&mut hasher);
            entry.mode.hash(&mut hasher);
            match &entry.kind {
                // A folder's time changes when an ignored file in it does.
                Kind::Folder => {}
                Kind::File(size) => (size, entry.modified).hash(&mut hasher),
                Kind::Link(target) => target.hash(&mut hasher),
            }
        }
        hasher.finish()
    }

    /// Writes the archive. Blocks.
    ///
    /// # Errors
    /// When a file cannot be read or shrank since the survey, or `to` takes no more.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut archive = tar::Builder::new(to);
        archive.mode(tar::HeaderMode::Complete);
        for entry in &self.entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(entry.mode);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(entry.modified);
            header.set_size(entry.size());
            match &entry.kind {
                Kind::Folder => {
                    header.set_entry_type(tar::EntryType::Directory);
                    archive.append_data(&mut header, &entry.path, io::empty())?;
                }
                Kind::Link(target) => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    archive.append_link(&mut header, &entry.path, target)?;
                }
                Kind::File(size) => {
                    header.set_entry_type(tar::EntryType::Regular);
                    let file = std::fs::File::open(self.folder.join(&entry.path))?;
                    let file = Exactly { inner: file, left: *size, name: &entry.path };
                    archive.append_data(&mut header, &entry.path, file)?;
                }
            }
        }
        if self.dockerfile_outside {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Regular);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            header.set_size(self.dockerfile_text.len() as u64);
            archive.append_data(&mut header, OUTSIDE_DOCKERFILE, self.dockerfile_text.as_slice())?;
        }
        archive.finish()
    }
}

impl Entry {
    const fn size(&self) -> u64 {
        match self.kind {
            Kind::File(size) => size,
            Kind::Folder | Kind::Link(_) => 0,
        }
    }
}

/// Reads exactly as much as the header announced: a file that grows is cut, one that shrank is an error,
/// because either would break the archive.
struct Exactly<'a> {
    inner: std::fs::File,
    left: u64,
    name: &'a Path,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        if count == 0 {
            return Err(io::Error::other(format!("{} shrank while it was read", self.name.display())));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// The Dockerfile's path inside the context, with slashes, when it is inside.
fn relative(folder: &Path, dockerfile: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    // The file itself may be a link: where it stands counts, not where it leads.
    let parent = dockerfile.parent().filter(|parent| !parent.as_os_str().is_empty());
    let stands = parent.unwrap_or(Path::new(".")).canonicalize().ok()?.join(dockerfile.file_name()?);
    Some(stands.strip_prefix(folder).ok()?.to_string_lossy().replace('\\', "/"))
}

fn unreadable(path: &Path, error: &io::Error, next: &str) -> crate::ToolError {
    if error.kind() == io::ErrorKind::NotFound {
        Feedback::new(ErrorKind::NotFound, format!("{} does not exist", path.display())).next(next).into()
    } else {
        left_readable(path, error)
    }
}

fn left_readable(path: &Path, error: &io::Error) -> crate::ToolError {
    Feedback::new(ErrorKind::InvalidArguments, format!("{} cannot be read: {error}", path.display()))
        .next("make it readable, or name it in .dockerignore when the build does not need it")
        .into()
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o7777
}

/// Windows knows no modes; docker makes everything executable there.
#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o755
}

fn modified(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |time| time.as_secs())
}

/// "1 file", "2 files".
#[must_use]
pub fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// Bytes as Docker prints them: powers of ten, three digits.
#[must_use]
pub fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.5 {
            return match unit {
                "B" => format!("{bytes} B"),
                _ if value < 9.995 => format!("{value:.2} {unit}"),
                _ if value < 99.95 => format!("{value:.1} {unit}"),
                _ => format!("{value:.0} {unit}"),
            };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn archived(context: &Context) -> Vec<String> {
        let mut bytes = Vec::new();
        context.write(&mut bytes).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            format!(
                "{:?} {:o} {} {}",
                header.entry_type(),
                header.mode().unwrap(),
                header.uid().unwrap(),
                entry.path().unwrap().display()
            )
        });
        entries.filter(|line| !line.starts_with("Directory")).collect()
    }

    #[cfg(unix)]
    #[test]
    fn modes_and_links_are_kept_and_ignored_files_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = folder(&[
            ("Dockerfile", "FROM scratch"),
            (".dockerignore", "Dockerfile\nsecret\n!secret/ok\n"),
            ("run.sh", "#!/bin/sh"),
            ("secret/a", "x"),
            ("secret/ok", "y"),
        ]);
        fs::set_permissions(folder.path().join("run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
        fs::set_permissions(folder.path().join("secret/ok"), fs::Permissions::from_mode(0o600)).unwrap();
        for file in ["Dockerfile", ".dockerignore"] {
            fs::set_permissions(folder.path().join(file), fs::Permissions::from_mode(0o644)).unwrap();
        }
        symlink("/etc/passwd", folder.path().join("link")).unwrap();
        let context = Context::survey(folder.path(), &folder.path().join("Dockerfile")).unwrap();
        assert_eq!(
            archived(&context),
            [
                "Regular 644 0 .dockerignore",
                "Regular 644 0 Dockerfile",
                "Symlink 777 0 link",
                "Regular 750 0 run.sh",
                "Regular 600 0 secret/ok",
            ]
        );
        assert_eq!((context.files(), context.ignore_file.as_deref()), (5, Some(".dockerignore")));
    }

    #[test]
    fn the_dockerfiles_own_ignore_file_comes_first() {
        let folder = folder(&[
            ("docker/api.Dockerfile", "FROM scratch"),
            ("docker/api.Dockerfile.dockerignore", "*\n!api\n"),
            (".dockerignore", "api"),
            ("api/a", "1"),
            ("web/b", "2"),
        ]);
        let dockerfile = folder.path().join("docker/api.Dockerfile");
        let context = Context::survey(folder.path(), &dockerfile).unwrap();
        let paths: Vec<String> = context.paths().collect();
        assert_eq!(paths, [".dockerignore", "api", "api/a", "docker/api.Dockerfile"]);
    }

    #[test]
    fn a_dockerfile_from_outside_is_sent_along() {
        let folder = folder(&[("api/a", "1"), ("docker/Dockerfile", "FROM scratch")]);
        let context =
            Context::survey(&folder.path().join("api"), &folder.path().join("docker/Dockerfile")).unwrap();
        assert!(archived(&context).iter().any(|line| line.ends_with(OUTSIDE_DOCKERFILE)));
        assert_eq!(context.dockerfile, OUTSIDE_DOCKERFILE);
    }

    #[test]
    fn the_fingerprint_sees_a_changed_file() {
        let folder = folder(&[("Dockerfile", "FROM scratch"), ("a", "1")]);
        let survey = || Context::survey(folder.path(), &folder.path().join("Dockerfile")).unwrap();
        let before = survey().fingerprint();
        assert_eq!(before, survey().fingerprint());
        fs::write(folder.path().join("a"), "22").unwrap();
        assert_ne!(before, survey().fingerprint());
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = folder(&[("Dockerfile", "FROM scratch")]);
        let error = Context::survey(&folder.path().join("x"), &folder.path().join("Dockerfile")).unwrap_err();
        assert!(error.to_string().ends_with("x does not exist"), "{error}");
        let error = Context::survey(folder.path(), &folder.path().join("Nofile")).unwrap_err();
        assert!(error.to_string().ends_with("Nofile does not exist"), "{error}");
    }

    #[test]
    fn sizes_read_as_docker_prints_them() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_990_000, "1.99 MB"),
            (34_560, "34.6 kB"),
            (5_300_000_000, "5.30 GB"),
        ] {
            assert_eq!(human(bytes), text);
        }
    }
}
