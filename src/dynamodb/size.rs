//! What an item weighs and costs, by DynamoDB's rules.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// An item as the SDK gives it.
pub type Item = HashMap<String, AttributeValue>;

/// The most bytes an item may have.
pub const MAX_ITEM_BYTES: u64 = 400 * 1024;

/// The bytes of an item: its names and values.
#[must_use]
pub fn item_bytes(item: &Item) -> u64 {
    item.iter().map(|(name, value)| name.len() as u64 + value_bytes(value)).sum()
}

/// The bytes of one value.
#[must_use]
pub fn value_bytes(value: &AttributeValue) -> u64 {
    match value {
        AttributeValue::S(text) => text.len() as u64,
        AttributeValue::N(number) => number_bytes(number),
        AttributeValue::B(blob) => blob.as_ref().len() as u64,
        AttributeValue::Ss(texts) => texts.iter().map(|text| text.len() as u64).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| number_bytes(number)).sum(),
        AttributeValue::Bs(blobs) => blobs.iter().map(|blob| blob.as_ref().len() as u64).sum(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<u64>(),
        AttributeValue::M(fields) => 3 + fields.len() as u64 + item_bytes(fields),
        _ => 1,
    }
}

/// The write units of an item outside a transaction, which doubles them.
#[must_use]
pub fn write_units(bytes: u64) -> u64 {
    bytes.div_ceil(1024).max(1)
}

/// Two digits a byte on each side of the point, one for the exponent, one for a sign.
fn number_bytes(number: &str) -> u64 {
    let negative = number.starts_with('-');
    let digits = number.trim_start_matches(['-', '+']);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let leading_zeros = all.len() - significant.len();
    let significant = significant.trim_end_matches('0').len() as i64;
    let point = whole.len() as i64 + exponent.parse::<i64>().unwrap_or(0) - leading_zeros as i64;
    let before = point.clamp(0, significant);
    let after = significant - before;
    let sign = u64::from(negative && significant > 0);
    before.unsigned_abs().div_ceil(2) + after.unsigned_abs().div_ceil(2) + 1 + sign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_dynamodb_charges() {
        for (number, bytes) in
            [("0", 1), ("-0", 1), ("42", 2), ("-42", 3), ("1000000", 2), ("0.001", 2), ("1.5", 3), ("1e3", 2)]
        {
            assert_eq!(number_bytes(number), bytes, "{number}");
        }
        let inner = HashMap::from([("text".to_owned(), AttributeValue::S("é".to_owned()))]);
        let item = HashMap::from([
            ("id".to_owned(), AttributeValue::S("a".to_owned())),
            ("m".to_owned(), AttributeValue::L(vec![AttributeValue::M(inner)])),
            ("n".to_owned(), AttributeValue::Null(true)),
        ]);
        assert_eq!(item_bytes(&item), 3 + (1 + 3 + 1 + (3 + 1 + 4 + 2)) + 2);
        assert_eq!((write_units(0), write_units(1024), write_units(1025)), (1, 1, 2));
    }
}
