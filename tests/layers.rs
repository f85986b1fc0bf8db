//! Guards the layers inside the library: each module knows only its own layer and those above it in [`LAYERS`].
//!
//! Every `use`, every path and every path inside a macro call is read, in all of `src/`, `nodes/` and `credentials/`.
//! Code under `#[cfg(test)]` may look anywhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml exempts tests, but not the functions that they share"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ItemMacro, ItemMod, ItemUse, Lit, Meta, UseTree};

struct Layer {
    name: &'static str,
    modules: &'static [&'static str],
    /// How many names of a module's path make one unit whose neighbours are unknown to it; `None` where all modules of
    /// the layer know each other.
    unit: Option<usize>,
    /// How many layers from the top it knows besides itself; `None` where that is all above it.
    knows: Option<usize>,
}

/// From the plain words down to the nodes.
const LAYERS: &[Layer] = &[
    Layer {
        name: "1, plain words",
        modules: &["json", "clock", "message", "reach", "session", "usage", "error"],
        unit: None,
        knows: None,
    },
    Layer {
        name: "2, what stores, memories, models and chains do",
        modules: &[
            "store",
            "memory",
            "recall",
            "history",
            "model",
            "prompt",
            "summary",
            "background",
            "tool",
            "chain",
            "conformance",
            "dial",
            "graph",
        ],
        unit: None,
        knows: None,
    },
    Layer { name: "3, declarations", modules: &["declare", "registry"], unit: None, knows: None },
    Layer {
        name: "4, codecs and the HTTP client",
        modules: &["griptape", "http", "langchain"],
        unit: Some(1),
        knows: None,
    },
    Layer {
        name: "4, clients and layouts",
        modules: &["dynamodb", "provider", "upstash"],
        unit: Some(1),
        knows: None,
    },
    Layer { name: "5, credential types", modules: &["credentials"], unit: Some(2), knows: None },
    Layer { name: "5, nodes", modules: &["nodes"], unit: Some(3), knows: None },
    Layer { name: "6, flows", modules: &["flow"], unit: None, knows: Some(3) },
];

/// One mention of a module of this crate.
#[derive(Debug)]
struct Mention {
    file: String,
    line: usize,
    from: Vec<String>,
    to: Vec<String>,
}

#[derive(Default)]
struct Source {
    mentions: Vec<Mention>,
    files: BTreeSet<PathBuf>,
    /// Names that stand at the root of the crate, by the module that they come from.
    at_root: BTreeMap<String, Vec<String>>,
}

struct Reader<'a> {
    source: &'a mut Source,
    file: &'a Path,
    /// Where modules that this file declares lie.
    folder: PathBuf,
    module: Vec<String>,
}

impl Source {
    fn read(&mut self, file: &Path, module: Vec<String>) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.files.insert(file.to_owned());
        let own_folder = matches!(file.file_name().and_then(|name| name.to_str()), Some("mod.rs" | "lib.rs"));
        let folder = if own_folder { file.parent().unwrap().to_owned() } else { file.with_extension("") };
        Reader { source: self, file, folder, module }.visit_file(&syntax);
    }

    /// The arrows that point the wrong way, in words.
    fn illegal(&self) -> Vec<String> {
        let words = self.mentions.iter().filter_map(|mention| {
            let from = &mention.from;
            let to = match mention.to.as_slice() {
                // The root of the crate re-exports; who uses that uses the module behind it.
                [name] | [name, ..] if self.at_root.contains_key(name) => &self.at_root[name],
                _ => &mention.to,
            };
            let problem = judge(from, to)?;
            Some(format!("{}:{}: {problem}", mention.file, mention.line))
        });
        words.collect()
    }
}

fn judge(from: &[String], to: &[String]) -> Option<String> {
    let layer_of = |path: &[String]| {
        let name = path.first()?;
        LAYERS.iter().position(|layer| layer.modules.contains(&name.as_str()))
    };
    // The root ties everything together.
    if from.is_empty() || to.is_empty() {
        return None;
    }
    let arrow = format!("`{}` -> `{}`", from.join("::"), to.join("::"));
    let (Some(from_layer), Some(to_layer)) = (layer_of(from), layer_of(to)) else {
        return Some(format!(
            "{arrow}: one of them is in no layer; put it into the table in tests/layers.rs"
        ));
    };
    let layer = &LAYERS[from_layer];
    let is_hidden = to_layer != from_layer && layer.knows.is_some_and(|known| to_layer >= known);
    if to_layer > from_layer || is_hidden {
        return Some(format!("{arrow}: layer {} must not know layer {}", layer.name, LAYERS[to_layer].name));
    }
    let unit = layer.unit.filter(|_| to_layer == from_layer)?;
    let apart = from.iter().zip(to).take(unit).any(|(from, to)| from != to);
    apart.then(|| format!("{arrow}: neighbours in layer {} must not know each other", layer.name))
}

fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string() == "test")
    })
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(path) => Some(path.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

impl Reader<'_> {
    /// Notes a path if it begins in this crate.
    fn mention(&mut self, names: &[String], line: usize) {
        let mut to = match names.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("super" | "self") => self.module.clone(),
            _ => return,
        };
        for name in names {
            match name.as_str() {
                "crate" | "self" | "*" => {}
                "super" => {
                    to.pop();
                }
                other => to.push(other.to_owned()),
            }
        }
        let file = self.file.display().to_string();
        self.source.mentions.push(Mention { file, line, from: self.module.clone(), to });
    }

    fn flatten(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.flatten(&with(path.ident.to_string()), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.flatten(before, item)),
            UseTree::Name(name) => self.used(&with(name.ident.to_string()), &name.ident.to_string(), tree),
            UseTree::Rename(name) => {
                self.used(&with(name.ident.to_string()), &name.rename.to_string(), tree);
            }
            UseTree::Glob(_) => self.used(&with("*".to_owned()), "*", tree),
        }
    }

    fn used(&mut self, names: &[String], bound: &str, tree: &UseTree) {
        if self.module.is_empty() {
            self.source.at_root.insert(bound.to_owned(), names.to_vec());
        }
        self.mention(names, tree.span().start().line);
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if path.is_empty() {
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {}
                TokenTree::Group(group) => {
                    self.mention(&std::mem::take(&mut path), line);
                    self.tokens(group.stream());
                }
                _ => self.mention(&std::mem::take(&mut path), line),
            }
        }
        self.mention(&path, line);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if is_test_only(&item.attrs) {
            let name = item.ident.to_string();
            self.source.files.insert(self.folder.join(format!("{name}.rs")));
            return;
        }
        let name = item.ident.to_string();
        let module = [self.module.as_slice(), std::slice::from_ref(&name)].concat();
        if item.content.is_some() {
            let outside = std::mem::replace(&mut self.module, module);
            visit::visit_item_mod(self, item);
            self.module = outside;
            return;
        }
        let file = match path_attribute(&item.attrs) {
            Some(path) => self.folder.join(path),
            None => {
                let flat = self.folder.join(format!("{name}.rs"));
                if flat.exists() { flat } else { self.folder.join(name).join("mod.rs") }
            }
        };
        self.source.read(&file.canonicalize().unwrap_or(file), module);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_test_only(&item.attrs) {
            self.flatten(&[], &item.tree);
        }
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        let exported = item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"));
        if let (true, Some(name)) = (exported, &item.ident) {
            self.source.at_root.insert(name.to_string(), self.module.clone());
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.mention(&names, path.span().start().line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

fn rust_files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap()
}

#[test]
fn each_layer_knows_only_those_above_it() {
    let mut source = Source::default();
    source.read(&root().join("src/lib.rs"), Vec::new());
    assert!(source.mentions.len() > 100, "the library mentions itself often: {}", source.mentions.len());
    let illegal = source.illegal();
    assert!(illegal.is_empty(), "arrows that point the wrong way:\n{}", illegal.join("\n"));

    let mut files = BTreeSet::new();
    for folder in ["src", "nodes", "credentials"] {
        rust_files(&root().join(folder), &mut files);
    }
    let unread: Vec<_> = files.difference(&source.files).collect();
    assert!(unread.is_empty(), "no module declares these, so nothing guards them: {unread:?}");
}

/// Judges `text` as if it stood in `module`.
fn judged(module: &[&str], text: &str) -> Vec<String> {
    let mut source = Source::default();
    source.at_root.insert("Error".into(), vec!["error".into(), "Error".into()]);
    source.at_root.insert("register_node".into(), vec!["declare".into()]);
    let module = module.iter().map(|name| (*name).to_owned()).collect();
    let file = Path::new("snippet.rs");
    let folder = PathBuf::new();
    Reader { source: &mut source, file, folder, module }.visit_file(&syn::parse_file(text).unwrap());
    source.illegal()
}

#[test]
fn an_arrow_that_points_the_wrong_way_is_told_with_file_and_line() {
    assert_eq!(
        judged(&["store"], "\nuse crate::dynamodb::tables;"),
        [
            "snippet.rs:2: `store` -> `dynamodb::tables`: layer 2, what stores, memories, models and chains do \
          must not know layer 4, clients and layouts"
        ]
    );
    let illegal = |module: &[&str], text: &str| {
        let found = judged(module, text);
        assert_eq!(found.len(), 1, "{module:?} {text}: {found:?}");
    };
    illegal(&["message"], "use crate::{error::Error, store::{ChatStore}, json};");
    illegal(&["error"], "fn f(x: &crate::memory::ChatMemory) {}");
    illegal(&["error"], "fn f() { assert!(true, \"{}\", crate::memory::x()); }");
    illegal(&["store", "types"], "use super::super::registry::Registry;");
    illegal(&["upstash", "list"], "use crate::dynamodb::DynamoClient;");
    illegal(&["langchain"], "pub use crate::upstash as other;");
    illegal(&["credentials", "aws"], "use super::upstash_redis::Fields;");
    illegal(&["credentials", "aws"], "use crate::nodes::memory;");
    illegal(&["nodes", "memory", "dynamodb"], "use super::upstash_redis::Inputs;");
    illegal(&["nodes", "memory", "dynamodb"], "mod inner { use super::super::upstash_redis::Inputs; }");
    illegal(&["session"], "use crate::brand_new::Thing;");
    illegal(&["flow"], "use crate::nodes::memory;");
    illegal(&["flow", "import"], "use crate::dynamodb::tables;");
    illegal(&["nodes", "chains", "conversation"], "use crate::flow::Flow;");
    illegal(&["dynamodb"], "crate::register_node!(X); fn f() { crate::nodes::x(); }");
}

#[test]
fn arrows_that_point_up_pass() {
    for (module, text) in [
        (
            &["nodes", "memory", "dynamodb"][..],
            "use crate::credentials::aws::Aws; use crate::dynamodb::list; use super::dynamodb::x;",
        ),
        (&["nodes", "memory", "dynamodb"], "crate::register_node!(X); mod inner { use super::Inputs; }"),
        (&["error"], "use crate::session::Position; use std::memory; fn f() { memory::x(); }"),
        (&["dynamodb", "list"], "use super::client; use crate::langchain::read; use crate::Error;"),
        (&["flow", "import"], "use crate::registry::Registry; use crate::prompt; use super::document::Flow;"),
        (&["error"], "#[cfg(test)] mod tests { use crate::nodes::memory; }"),
        (&[], "pub use error::Error; pub mod inline { pub fn f() {} }"),
    ] {
        assert_eq!(judged(module, text), [""; 0], "{module:?} {text}");
    }
}
