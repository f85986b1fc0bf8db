//! Arithmetic: a parser that evaluates as it reads. Bounded in length and depth, so that no input can hurt the host.
//!
//! Problems tell the place and never quote the expression, which is part of a conversation.

/// The longest expression, in characters.
pub(super) const MAX_CHARS: usize = 1_000;
/// How deep brackets, signs and powers may stand in each other.
const MAX_DEPTH: u32 = 64;

type Result<T> = std::result::Result<T, String>;

type Named<T> = &'static [(&'static str, T)];

const CONSTANTS: Named<f64> =
    &[("pi", std::f64::consts::PI), ("e", std::f64::consts::E), ("tau", std::f64::consts::TAU)];

const FUNCTIONS: Named<fn(f64) -> f64> = &[
    ("sqrt", f64::sqrt),
    ("cbrt", f64::cbrt),
    ("abs", f64::abs),
    ("exp", f64::exp),
    ("ln", f64::ln),
    ("log10", f64::log10),
    ("log2", f64::log2),
    ("sin", f64::sin),
    ("cos", f64::cos),
    ("tan", f64::tan),
    ("asin", f64::asin),
    ("acos", f64::acos),
    ("atan", f64::atan),
    ("floor", f64::floor),
    ("ceil", f64::ceil),
    ("round", f64::round),
    ("trunc", f64::trunc),
];

/// Functions of one or more values.
const FOLDS: Named<fn(f64, f64) -> f64> = &[("min", f64::min), ("max", f64::max)];

/// What an expression may hold, in words.
pub(super) fn help() -> String {
    let functions = FUNCTIONS.iter().map(|(name, _)| *name).chain(FOLDS.iter().map(|(name, _)| *name));
    let constants = CONSTANTS.iter().map(|(name, _)| *name);
    format!(
        "Takes numbers, + - * / % (remainder) ^ (power), brackets, the functions {} and the constants {}.",
        functions.collect::<Vec<_>>().join(", "),
        constants.collect::<Vec<_>>().join(", ")
    )
}

/// The value of an expression.
pub(super) fn evaluate(input: &str) -> Result<f64> {
    let chars: Vec<char> = input.chars().collect();
    if chars.len() > MAX_CHARS {
        return Err(format!("has {} characters; at most {MAX_CHARS} are calculated", chars.len()));
    }
    let mut reader = Reader { chars: &chars, at: 0, depth: 0 };
    let value = reader.sum()?;
    match reader.peek() {
        None if value.is_finite() => Ok(value),
        None => {
            Err("has no finite value: it divides by zero, leaves the real numbers or grows too large".into())
        }
        Some(_) => reader.refuse("an operator is missing, or this is not part of an expression"),
    }
}

/// The number in as many digits as are right: `0.1 + 0.2` is 0.3.
pub(super) fn format(value: f64) -> String {
    let rounded = format!("{value:.14e}").parse().unwrap_or(value);
    // Zero has no sign here.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    let magnitude = f64::abs(rounded);
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        format!("{rounded:e}")
    } else {
        rounded.to_string()
    }
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    depth: u32,
}

impl Reader<'_> {
    /// The next character that is not white space.
    fn peek(&mut self) -> Option<char> {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.chars.get(self.at).copied()
    }

    /// Takes the next character if it is one of `wanted`.
    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let found = self.peek().filter(|c| wanted.contains(c))?;
        self.at += 1;
        Some(found)
    }

    fn refuse<T>(&self, problem: &str) -> Result<T> {
        Err(format!("can't be calculated from character {} on: {problem}", self.at + 1))
    }

    /// Reads something that stands inside of something else.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<f64>) -> Result<f64> {
        if self.depth == MAX_DEPTH {
            return self.refuse(&format!("it is nested more than {MAX_DEPTH} deep"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn sum(&mut self) -> Result<f64> {
        let mut value = self.product()?;
        while let Some(operator) = self.take(&['+', '-', '−']) {
            let right = self.product()?;
            value = if operator == '+' { value + right } else { value - right };
        }
        Ok(value)
    }

    fn product(&mut self) -> Result<f64> {
        let mut value = self.signed()?;
        while let Some(operator) = self.take(&['*', '/', '%', '×', '·', '÷']) {
            let right = self.signed()?;
            value = match operator {
                '/' | '÷' => value / right,
                '%' => value % right,
                _ => value * right,
            };
        }
        Ok(value)
    }

    /// A sign binds less than a power: `-2^2` is -4.
    fn signed(&mut self) -> Result<f64> {
        match self.take(&['+', '-', '−']) {
            Some('+') => self.nested(Self::signed),
            Some(_) => self.nested(Self::signed).map(|value| -value),
            None => self.power(),
        }
    }

    /// Powers bind from the right: `2^3^2` is 512. `**` is another spelling.
    fn power(&mut self) -> Result<f64> {
        let base = self.value()?;
        let is_double_star = self.peek() == Some('*') && self.chars.get(self.at + 1) == Some(&'*');
        if is_double_star {
            self.at += 2;
        } else if self.take(&['^']).is_none() {
            return Ok(base);
        }
        self.nested(Self::signed).map(|exponent| base.powf(exponent))
    }

    fn value(&mut self) -> Result<f64> {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let value = self.nested(Self::sum)?;
                self.close(value)
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some('π') => {
                self.at += 1;
                Ok(std::f64::consts::PI)
            }
            Some(c) if c.is_ascii_alphabetic() => self.name(),
            Some(_) => self.refuse("a number, a name or an opening bracket is expected here"),
            None => self.refuse("it ends where a number is expected"),
        }
    }

    fn close(&mut self, value: f64) -> Result<f64> {
        match self.take(&[')']) {
            Some(_) => Ok(value),
            None => self.refuse("a closing bracket is missing"),
        }
    }

    fn number(&mut self) -> Result<f64> {
        let from = self.at;
        self.skip(|c| c.is_ascii_digit() || c == '.');
        let before_exponent = self.at;
        if self.chars.get(self.at).is_some_and(|c| matches!(c, 'e' | 'E')) {
            self.at += 1;
            if self.chars.get(self.at).is_some_and(|c| matches!(c, '+' | '-')) {
                self.at += 1;
            }
            let digits = self.at;
            self.skip(|c| c.is_ascii_digit());
            if self.at == digits {
                self.at = before_exponent;
            }
        }
        let text: String = self.chars.get(from..self.at).unwrap_or_default().iter().collect();
        text.parse().or_else(|_| {
            self.at = from;
            self.refuse("this is no number")
        })
    }

    fn skip(&mut self, is_part: impl Fn(char) -> bool) {
        while self.chars.get(self.at).is_some_and(|c| is_part(*c)) {
            self.at += 1;
        }
    }

    fn name(&mut self) -> Result<f64> {
        let from = self.at;
        self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
        let name: String = self.chars.get(from..self.at).unwrap_or_default().iter().collect();
        let name = name.to_ascii_lowercase();
        if let Some(value) = find(CONSTANTS, &name) {
            return Ok(value);
        }
        let function = find(FUNCTIONS, &name);
        let fold = find(FOLDS, &name);
        if function.is_none() && fold.is_none() {
            self.at = from;
            return self.refuse(&format!("this name is not known. {}", help()));
        }
        if self.take(&['(']).is_none() {
            return self.refuse("a function's opening bracket is missing");
        }
        let mut value = self.nested(Self::sum)?;
        if let Some(fold) = fold {
            while self.take(&[',']).is_some() {
                value = fold(value, self.nested(Self::sum)?);
            }
        }
        let value = function.map_or(value, |function| function(value));
        self.close(value)
    }
}

fn find<T: Copy>(named: Named<T>, name: &str) -> Option<T> {
    named.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}
