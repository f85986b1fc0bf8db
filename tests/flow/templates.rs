//! The flows to begin with.

use canvas_memory::flow::{Flow, NoCredentials, ProblemCode, templates};

use crate::support::{REGISTRY, seen};

#[test]
fn each_template_is_a_flow_that_lacks_nothing_but_its_credentials() {
    let lacking: Vec<Vec<_>> = templates()
        .iter()
        .map(|template| {
            assert_eq!(
                Flow::parse(template.flow.to_json().as_bytes()).unwrap(),
                template.flow,
                "{}",
                template.id
            );
            let versions = template.flow.upgraded(&REGISTRY).nodes;
            assert!(versions.is_empty(), "{} is of an older version: {versions:?}", template.id);
            let problems = template.flow.problems(&REGISTRY, &NoCredentials);
            problems.iter().map(|problem| (seen(problem).1, seen(problem).2.to_owned())).collect()
        })
        .collect();
    let no_aws_credential = vec![(ProblemCode::MissingCredential, "dynamodb_1".to_owned())];
    assert_eq!(lacking, [vec![], vec![], no_aws_credential, vec![]]);
}

#[test]
fn no_two_templates_and_no_two_cards_are_in_each_others_place() {
    let templates = templates();
    for (at, template) in templates.iter().enumerate() {
        assert!(!templates[..at].iter().any(|other| other.id == template.id), "{}", template.id);
        let nodes = &template.flow.nodes;
        for (at, node) in nodes.iter().enumerate() {
            let near = |other: f64, own: f64, size: f64| (other - own).abs() < size;
            let covers = nodes[..at].iter().any(|other| {
                near(other.position.x, node.position.x, 320.0)
                    && near(other.position.y, node.position.y, 220.0)
            });
            assert!(!covers, "{} of {}", node.id, template.id);
        }
    }
}
