//! Lists the catalog, so that adding a tool is adding one file.
//!
//! Every `src/catalog/<area>/<tool>.rs` becomes a module and its `TOOL` an entry of `CATALOG`, sorted by
//! name. A build script rather than link-time registration, because it notices a new file at once, its
//! order is the same on every machine, and nothing runs before `main`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let catalog = root.join("src/catalog");
    println!("cargo::rerun-if-changed={}", catalog.display());

    let mut modules = String::new();
    let mut tools = Vec::new();
    for area_folder in sorted(&catalog)? {
        if !area_folder.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", area_folder.display());
        let area = stem(&area_folder);
        writeln!(modules, "/// Tools of the area `{area}`.\npub(crate) mod {area} {{")
            .map_err(io::Error::other)?;
        for file in sorted(&area_folder)? {
            if file.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let tool = stem(&file);
            writeln!(modules, "    #[path = {:?}]\n    pub(crate) mod {tool};", file.display().to_string())
                .map_err(io::Error::other)?;
            tools.push((tool, area.clone()));
        }
        modules.push_str("}\n");
    }
    tools.sort();

    let mut list = String::from("static ENTRIES: &[Entry] = &[\n");
    for (tool, area) in &tools {
        writeln!(list, "    Entry {{ area: {area:?}, tool: &{area}::{tool}::TOOL }},")
            .map_err(io::Error::other)?;
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("catalog.rs"), modules + &list)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
