//! The files in `deploy/` that are made from the layouts. A test rewrites them, then fails if they had drifted.

pub(crate) mod cloudformation;
mod ddbsh;
pub(crate) mod policies;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const COMMENT: &str = "\
Tables for canvas-memory, and least policies for them. Deploy it with:
  aws cloudformation deploy --template-file cloudformation.yaml --stack-name chat-memory --capabilities CAPABILITY_IAM
A table outlives its stack, and what replaces it.

Generated from the layouts: `cargo test --test tables` rewrites it.";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn is_as_generated(name: &str, text: &str) {
    let path = folder().join(name);
    if fs::read_to_string(&path).unwrap_or_default() != text {
        fs::write(&path, text).unwrap();
        panic!("{} had drifted and is rewritten; commit it", path.display());
    }
}

#[test]
fn the_committed_template_is_what_the_layouts_say() {
    let text = yaml::document(COMMENT, &cloudformation::template());
    assert!(text.len() < 51_200, "CloudFormation takes no larger body: {}", text.len());
    is_as_generated("cloudformation.yaml", &text);
}

#[test]
fn the_committed_schema_is_what_the_layouts_say_and_drops_nothing() {
    let text = ddbsh::schema();
    let commands = text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    for word in ["DROP", "ALTER", "DELETE"] {
        assert!(!commands.to_ascii_uppercase().contains(word), "{word}: {commands}");
    }
    assert_eq!(
        commands.matches("CREATE TABLE").count(),
        commands.matches("CREATE TABLE IF NOT EXISTS").count()
    );
    is_as_generated("schema.sql", &text);
}

#[test]
fn the_template_passes_cfn_lint() {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/.venv/bin/cfn-lint");
    assert!(bin.exists(), "{} is missing. Run tests/install.sh", bin.display());
    let ran = Command::new(bin).arg(folder().join("cloudformation.yaml")).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.trim().is_empty(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn nothing_in_the_template_has_a_name_that_needs_more_than_capability_iam() {
    let template = cloudformation::template();
    let resources = template["Resources"].as_object().unwrap();
    let of_iam =
        |(_, resource): &(&String, &Value)| resource["Type"].as_str().unwrap().starts_with("AWS::IAM");
    let policies: Vec<_> = resources.iter().filter(of_iam).collect();
    assert_eq!(policies.len(), 3);
    for (name, policy) in policies {
        assert_eq!(policy["Properties"].get("ManagedPolicyName"), None, "{name}");
        // IAM counts no white space; references become ARNs of some hundred characters.
        let text = policy["Properties"]["PolicyDocument"].to_string();
        assert!(text.len() < 8_000, "{name} is too long for a managed policy: {}", text.len());
    }
}
