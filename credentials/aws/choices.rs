//! What the form offers for table and region.

use serde_json::{Map, Value};

use super::endpoint::Endpoint;
use crate::declare::{Choice, ConnectArgs, Node};
use crate::dynamodb::tables;
use crate::error::{Error, ErrorKind, Result};

/// An account may have thousands of tables: a form shows the first few hundred, and takes any other name.
const MAX_PAGES: usize = 5;
const PAGE: u8 = 100;

/// Regions that are open to every account, and those that an account can turn on.
const REGIONS: &[(&str, &str)] = &[
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
    ("af-south-1", "Africa (Cape Town)"),
    ("ap-east-1", "Asia Pacific (Hong Kong)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-south-2", "Asia Pacific (Hyderabad)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)"),
    ("ca-central-1", "Canada (Central)"),
    ("ca-west-1", "Canada West (Calgary)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-central-2", "Europe (Zurich)"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("eu-south-2", "Europe (Spain)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("il-central-1", "Israel (Tel Aviv)"),
    ("me-central-1", "Middle East (UAE)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("sa-east-1", "South America (São Paulo)"),
];

/// [`Node::choices`] of a node with the inputs `region` and `endpoint`, and a table that it names: `regions`, `tables`.
pub(crate) async fn of<N: Node>(
    method: &str,
    inputs: &Map<String, Value>,
    args: &ConnectArgs<'_>,
) -> Result<Vec<Choice>> {
    match method {
        "regions" => Ok(regions()),
        "tables" => tables(inputs, args).await,
        _ => {
            let message = format!("`{}` has no choices named `{method}`", N::TYPE);
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

fn regions() -> Vec<Choice> {
    let choice = |(value, title): &(&str, &str)| Choice {
        value: (*value).to_owned(),
        title: format!("{title} {value}"),
    };
    REGIONS.iter().map(choice).collect()
}

/// Whether AWS has a region of this name, as far as this program knows.
pub(super) fn is_region(name: &str) -> bool {
    REGIONS.iter().any(|(region, _)| *region == name)
}

async fn tables(inputs: &Map<String, Value>, args: &ConnectArgs<'_>) -> Result<Vec<Choice>> {
    let (endpoint, region) = Endpoint::of_form(inputs, args.context)?;
    let client = endpoint.client(&region, args).await?;
    let mut names = Vec::new();
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let page = tables::list(&client, PAGE, after).await?;
        names.extend(page.names);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(names.into_iter().map(|name| Choice { title: name.clone(), value: name }).collect())
}
