use std::error::Error as StdError;
use std::fmt;

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The promise was kept.
    Passed,
    /// The store, its backend or the harness does not offer what the check needs.
    NotProven(String),
    /// The promise was broken.
    Failed(String),
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The promise's number.
    pub promise: u8,
    /// What was checked.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
}

/// What the suite found. Its text is a table, a line a check.
#[derive(Clone, Debug)]
pub struct Report {
    /// The layout of the store.
    pub layout: &'static str,
    /// Where the random parts started from, in a suite that has some.
    pub seed: Option<u64>,
    /// In the order in which they ran.
    pub checks: Vec<Check>,
}

impl Report {
    /// The checks that found a promise broken.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed(_)))
    }

    /// The checks that could not be made.
    pub fn not_proven(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| matches!(check.outcome, Outcome::NotProven(_)))
    }

    /// The checks that found their promise kept.
    pub fn passed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.outcome == Outcome::Passed)
    }

    fn title(&self) -> String {
        self.seed.map_or_else(|| self.layout.to_owned(), |seed| format!("{}, seed {seed}", self.layout))
    }

    /// Whether every promise that could be checked was kept.
    ///
    /// # Errors
    /// The checks that failed.
    pub fn into_result(self) -> Result<(), Failures> {
        if self.failed().next().is_none() { Ok(()) } else { Err(Failures(self)) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
        writeln!(f, "{}", self.title())?;
        for Check { promise, name, outcome } in &self.checks {
            let (word, why) = match outcome {
                Outcome::Passed => ("passed", ""),
                Outcome::NotProven(why) => ("not proven", why.as_str()),
                Outcome::Failed(why) => ("FAILED", why.as_str()),
            };
            writeln!(f, "{}", format!("{promise:>2}  {name:width$}  {word:10}  {why}").trim_end())?;
        }
        let (passed, failed) = (self.passed().count(), self.failed().count());
        write!(f, "{passed} passed, {} not proven, {failed} failed", self.not_proven().count())
    }
}

/// A report with broken promises. Its text lists these alone.
#[derive(Clone)]
pub struct Failures(Report);

impl Failures {
    /// The whole report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} checks failed", self.0.title(), self.0.failed().count())?;
        for Check { promise, name, outcome } in self.0.failed() {
            if let Outcome::Failed(why) = outcome {
                write!(f, "\n  promise {promise}, {name}: {why}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Failures {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_fails_the_report_and_what_is_not_proven_does_not() {
        let check = |promise, name, outcome| Check { promise, name, outcome };
        let mut report = Report { layout: "x", seed: Some(7), checks: Vec::new() };
        report.checks.push(check(1, "durable", Outcome::NotProven("no restart".to_owned())));
        assert!(report.clone().into_result().is_ok());
        report.checks.push(check(10, "flat", Outcome::Failed("grows".to_owned())));
        assert_eq!(
            report.to_string(),
            "x, seed 7\n 1  durable  not proven  no restart\n10  flat     FAILED      grows\n\
             0 passed, 1 not proven, 1 failed"
        );
        let failures = report.into_result().unwrap_err();
        assert_eq!(failures.to_string(), "x, seed 7: 1 checks failed\n  promise 10, flat: grows");
    }
}
