//! YAML and JSON files: whose they are shows from what they speak of.

use std::path::Path;

use memchr::memmem;

use super::resource::Program;
use super::walk::{self, Tree};
use super::{Error, cloudformation, kubernetes, pulumi, states, unparsed, yaml};

/// What a document of YAML or JSON that declares a database speaks of.
const MARKS: [&str; 6] =
    ["AWS::RDS::DB", "rds.aws", "rds.services.k8s.aws", "database.aws", "aws:rds", "aws-native:rds"];

/// What a template that leads to others speaks of.
const NESTS: [&str; 2] = ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"];

fn is_marked(bytes: &[u8]) -> bool {
    MARKS.iter().any(|mark| memmem::find(bytes, mark.as_bytes()).is_some())
}

fn nests(bytes: &[u8]) -> bool {
    NESTS.iter().any(|mark| memmem::find(bytes, mark.as_bytes()).is_some())
}

/// A file of YAML: a template, manifests, or a Pulumi program.
pub(super) fn yaml(tree: &Tree, path: &Path, stack: Option<&str>) -> Result<Vec<Program>, Error> {
    let text = tree.text(path)?;
    let file = tree.shown(path);
    if !is_marked(text.as_bytes()) && !nests(text.as_bytes()) {
        return Ok(Vec::new());
    }
    // JSON is YAML but for the tabs that it may be indented with.
    let as_json = text.trim_start().starts_with('{').then(|| super::json::read(&file, &text).ok()).flatten();
    let documents = match as_json.map_or_else(|| yaml::read_all(&file, &text), |document| Ok(vec![document])) {
        Ok(documents) => documents,
        Err(_) if !is_marked(text.as_bytes()) => return Ok(Vec::new()),
        Err(error) => return Ok(broken(&file, &text, &error)),
    };
    let mut programs: Vec<Program> = kubernetes::read(&documents, &text).into_iter().collect();
    for document in &documents {
        programs.extend(cloudformation::read(tree, path, document, stack));
        programs.extend(pulumi::program::read(tree, path, document, stack));
    }
    Ok(programs)
}

/// A file of JSON: a template, or what a tool wrote of its state.
pub(super) fn json(tree: &Tree, path: &Path, stack: Option<&str>) -> Result<Vec<Program>, Error> {
    let bytes = tree.bytes(path)?;
    if !states::is_worth_reading(&bytes) && !is_marked(&bytes) && !nests(&bytes) {
        return Ok(Vec::new());
    }
    let file = tree.shown(path);
    let text = walk::text(bytes);
    if let Some(programs) = states::read(&file, &text) {
        return Ok(programs);
    }
    if !is_marked(text.as_bytes()) && !nests(text.as_bytes()) {
        return Ok(Vec::new());
    }
    match super::json::read(&file, &text) {
        Ok(document) => {
            let mut programs: Vec<Program> = cloudformation::read(tree, path, &document, stack).into_iter().collect();
            programs.extend(kubernetes::read(std::slice::from_ref(&document), &text));
            programs.extend(pulumi::program::read(tree, path, &document, stack));
            Ok(programs)
        }
        Err(_) if !is_marked(text.as_bytes()) => Ok(Vec::new()),
        Err(error) => Ok(broken(&file, &text, &error)),
    }
}

/// A file that does not parse counts when it names what declares a database.
fn broken(file: &str, text: &str, error: &yaml::SyntaxError) -> Vec<Program> {
    // Not `aws:rds` alone, which is in every ARN of RDS.
    let others = ["AWS::RDS::DB", "aws:rds:Instance", "aws:rds:Cluster", "aws:rds/", "aws-native:rds:D"];
    if !others.iter().any(|mark| text.contains(mark)) && !kubernetes::speaks(text) {
        return Vec::new();
    }
    let why = if text.contains("{{") { "file does not parse, since Helm fills it in" } else { "file does not parse" };
    let broken = vec![unparsed(file, error.line, format!("{why}: {}", error.message))];
    vec![Program { broken, ..Program::default() }]
}
