use proptest::prelude::*;

use super::expression::{MAX_CHARS, evaluate, format};

#[test]
fn arithmetic_is_as_at_school() {
    for (input, value) in [
        ("2+3", "5"),
        ("2 + 3 * 4 - 6 / 4", "12.5"),
        ("(2 + 3) * 4", "20"),
        ("0.1 + 0.2", "0.3"),
        ("-2^2", "-4"),
        ("2^3^2", "512"),
        ("2**-1", "0.5"),
        ("7 % 3 * 2", "2"),
        ("--5", "5"),
        ("sqrt(16) + abs(-3) + max(1, 9, 4) - min(2,1)", "15"),
        ("round(2.5) + floor(-0.5)", "2"),
        ("sin(pi / 2) + COS(0) + ln(e)", "3"),
        ("1e3 + 2.5E-1 + 2*e - 2*e", "1000.25"),
        ("6 × 7 ÷ 2 − 1", "20"),
        ("2π / tau", "error"),
        ("1/3", "0.333333333333333"),
        ("10^21", "1e21"),
        ("2^-30", "9.31322574615479e-10"),
        ("0 * -1", "0"),
        ("12345678901 * 10", "123456789010"),
    ] {
        let found = evaluate(input).map_or("error".to_owned(), format);
        assert_eq!(found, value, "{input}: {:?}", evaluate(input));
    }
}

#[test]
fn what_is_no_expression_is_told_by_its_place() {
    for (input, at, way_out) in [
        ("", 1, "a number is expected"),
        ("2 +", 4, "a number is expected"),
        ("2 3", 3, "an operator is missing"),
        ("1,000 * 2", 2, "an operator is missing"),
        ("2 * (3 + 4", 11, "closing bracket"),
        ("2 * foo(3)", 5, "sqrt"),
        ("sqrt 4", 6, "opening bracket"),
        ("1.2.3", 1, "no number"),
        ("2 * $", 5, "expected here"),
        ("sqrt(1, 2)", 7, "closing bracket"),
    ] {
        let problem = evaluate(input).unwrap_err();
        assert!(problem.contains(&format!("character {at} on")), "{input}: {problem}");
        assert!(problem.contains(way_out), "{input}: {problem}");
    }
    for input in ["1/0", "sqrt(-1)", "10^999", "0/0"] {
        assert!(evaluate(input).unwrap_err().contains("no finite value"), "{input}");
    }
}

#[test]
fn no_depth_and_no_length_hurts() {
    for piece in ["(", "-", "2^", "sqrt(", "max(1,"] {
        let problem = evaluate(&piece.repeat(MAX_CHARS / piece.len())).unwrap_err();
        assert!(problem.contains("deep"), "{piece}: {problem}");
    }
    let long = "1+".repeat(MAX_CHARS);
    assert!(evaluate(&long).unwrap_err().contains("2000 characters"));
}

proptest! {
    #[test]
    fn any_text_gets_a_number_or_a_problem(input in "[0-9eE.+*/%^()a-z, π×-]{0,80}|\\PC{0,80}") {
        match evaluate(&input) {
            Ok(value) => prop_assert!(value.is_finite()),
            Err(problem) => prop_assert!(!problem.is_empty()),
        }
    }

    #[test]
    fn a_formatted_number_reads_back(value in proptest::num::f64::NORMAL) {
        let back: f64 = format(value).parse().unwrap();
        prop_assert!((back - value).abs() <= value.abs() * 1e-14);
    }
}
