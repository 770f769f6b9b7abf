//! Functions of texts, and conversions to and from them.

use std::fmt::Write as _;

use super::Call;
use crate::{
    evaluate::{Evaluated, Evaluator},
    value::{Kind, Value},
};

/// A width or precision beyond it is a slip, not a wish.
const WIDEST: usize = 256;

impl Evaluator<'_> {
    pub(super) fn text_function(&mut self, call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        match (call.name, call.arguments) {
            ("jsonencode", [value]) => return self.json_encode(value, at, context),
            ("tostring" | "tonumber" | "tobool", [value]) if value.is_null() => return Ok(value.clone()),
            ("tonumber", [value]) => {
                let number = self.number(value, call.subject(), at, context)?;
                return Ok(Value::new(Kind::Number(number), at));
            }
            ("tobool", [value]) => {
                let flag = self.flag(value, call.subject(), at, context)?;
                return Ok(Value::new(Kind::Flag(flag), at));
            }
            ("format", [pattern, values @ ..]) => {
                let pattern = self.text(pattern, "the pattern of `format`", at, context)?;
                let text = self.format(&pattern, values, call)?;
                return Ok(Value::text(&text, at));
            }
            ("formatlist", [pattern, values @ ..]) => return self.format_list(pattern, values, call),
            ("join", [separator, list]) => {
                let separator = self.text(separator, "the separator of `join`", at, context)?;
                let list = self.items(list, "the second argument of `join`", at, context)?;
                self.unknown(&list.items, at, context)?;
                let mut text = String::new();
                for (index, item) in list.items.iter().enumerate() {
                    let item = self.text(item, "an item to `join`", at, context)?;
                    self.charge(1 + (item.len() + separator.len()) / 8, at, context)?;
                    text.push_str(if index == 0 { "" } else { &separator });
                    text.push_str(&item);
                }
                return Ok(Value::text(&text, at));
            }
            _ => {}
        }
        let [first, rest @ ..] = call.arguments else {
            return Err(Value::poison(at));
        };
        if call.name == "substr" {
            return self.substring(first, rest, call);
        }
        let texts = call.arguments.iter().map(|value| self.text(value, call.subject(), at, context));
        let texts = texts.collect::<Evaluated<Vec<_>>>()?;
        let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        let flag = |flag| Ok(Value::new(Kind::Flag(flag), at));
        let text = match (call.name, texts.as_slice()) {
            ("jsondecode", [text]) => return self.json_decode(text, at, context),
            ("startswith", [text, part]) => return flag(text.starts_with(part)),
            ("endswith", [text, part]) => return flag(text.ends_with(part)),
            ("split", [separator, text]) => {
                self.charge(text.len(), at, context)?;
                let parts: Vec<Value> = if separator.is_empty() {
                    text.chars().map(|c| Value::text(c.encode_utf8(&mut [0; 4]), at)).collect()
                } else {
                    text.split(separator).map(|part| Value::text(part, at)).collect()
                };
                return self.list(parts, at, context);
            }
            ("replace", [text, from, to]) => {
                if from.len() > 1 && from.starts_with('/') && from.ends_with('/') {
                    return Err(self.fail(at, context, "`replace` knows no patterns here: write the result"));
                }
                let most = (text.len() + 1).saturating_mul(to.len() + 1)
                    / if from.is_empty() { 1 } else { from.len() };
                self.charge(most / 8, at, context)?;
                text.replace(from, to)
            }
            ("lower", [text]) => text.to_lowercase(),
            ("upper", [text]) => text.to_uppercase(),
            ("title", [text]) => title(text),
            ("trimspace", [text]) => text.trim().to_owned(),
            ("chomp", [text]) => text.trim_end_matches(['\r', '\n']).to_owned(),
            ("trim", [text, set]) => text.trim_matches(|c| set.contains(c)).to_owned(),
            ("trimprefix", [text, part]) => text.strip_prefix(part).unwrap_or(text).to_owned(),
            ("trimsuffix", [text, part]) => text.strip_suffix(part).unwrap_or(text).to_owned(),
            (_, texts) => texts.first().copied().unwrap_or_default().to_owned(),
        };
        self.new_text(&text, at, context)
    }

    fn substring(&mut self, text: &Value, numbers: &[Value], call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let text = self.text(text, call.subject(), at, context)?;
        let [offset, length] = numbers else { return Err(Value::poison(at)) };
        let offset = self.number(offset, "where `substr` begins", at, context)?;
        let length = self.number(length, "the length that `substr` is given", at, context)?;
        let characters = text.chars().count() as f64;
        // Negative: counted from the end, and all that is left.
        let from = if offset < 0.0 { (characters + offset).max(0.0) } else { offset };
        let length = if length < 0.0 { characters } else { length };
        let part: String = text.chars().skip(from as usize).take(length as usize).collect();
        self.new_text(&part, at, context)
    }

    fn format_list(&mut self, pattern: &Value, values: &[Value], call: Call<'_>) -> Evaluated {
        let Call { at, context, .. } = call;
        let pattern = self.text(pattern, "the pattern of `formatlist`", at, context)?;
        let mut columns = Vec::new();
        for value in values {
            columns.push(match self.answered(value, context)?.kind {
                Kind::List(list) => Some(list),
                _ => None,
            });
        }
        let rows = columns.iter().flatten().map(|list| list.items.len()).max().unwrap_or(1);
        let mut texts = Vec::new();
        for row in 0..rows {
            let mut cells = Vec::new();
            for (value, column) in values.iter().zip(&columns) {
                match column {
                    None => cells.push(value.clone()),
                    Some(list) => match list.items.get(row) {
                        Some(item) => cells.push(item.clone()),
                        None => {
                            return Err(self.fail(
                                at,
                                context,
                                "`formatlist` is given lists of unequal length",
                            ));
                        }
                    },
                }
            }
            self.unknown(&cells, at, context)?;
            texts.push(Value::text(&self.format(&pattern, &cells, call)?, at));
        }
        self.list(texts, at, context)
    }

    /// `%s %d %f %q %v %t %%`, with flags `-` and `0`, a width and a precision.
    fn format(&mut self, pattern: &str, values: &[Value], call: Call<'_>) -> Evaluated<String> {
        let Call { at, context, .. } = call;
        self.charge(1 + pattern.len() / 8, at, context)?;
        let mut out = String::new();
        let mut values = values.iter();
        let mut rest = pattern;
        while let Some((plain, verb)) = rest.split_once('%') {
            out.push_str(plain);
            let (flags, after) =
                verb.split_at(verb.len() - verb.trim_start_matches(['-', '0', '+', ' ']).len());
            let (width, after) = digits(after);
            let (precision, after) = match after.strip_prefix('.') {
                Some(after) => {
                    let (precision, after) = digits(after);
                    (Some(precision.unwrap_or(0)), after)
                }
                None => (None, after),
            };
            let mut characters = after.chars();
            let letter = characters.next();
            rest = characters.as_str();
            if letter == Some('%') {
                out.push('%');
                continue;
            }
            let Some(value) = values.next() else {
                return Err(self.fail(at, context, format_args!("`{}` has more `%` than values", call.name)));
            };
            let mut cell = match letter {
                Some('d') => {
                    let number = self.number(value, "what `%d` stands for", at, context)?;
                    if number.fract() != 0.0 {
                        return Err(self.fail(
                            at,
                            context,
                            format_args!("`%d` needs a whole number, found {number}"),
                        ));
                    }
                    number.to_string()
                }
                Some('f') => {
                    let number = self.number(value, "what `%f` stands for", at, context)?;
                    format!("{number:.*}", precision.unwrap_or(6).min(WIDEST))
                }
                Some('s' | 't') => self.text(value, "what `%s` stands for", at, context)?.to_string(),
                Some('v') if value.as_text().is_some() => value.as_text().unwrap_or_default().to_string(),
                Some('v' | 'q') => {
                    let json = self.json_encode(value, at, context)?;
                    json.as_text().unwrap_or_default().to_string()
                }
                _ => {
                    let message = format!("`{}` knows %s, %d, %f, %q, %t, %v and %% only", call.name);
                    return Err(self.fail(at, context, message));
                }
            };
            let width = width.unwrap_or(0).min(WIDEST);
            if flags.contains('-') {
                cell = format!("{cell:<width$}");
            } else if flags.contains('0') && value.as_number().is_some() {
                let (sign, number) = cell.split_at(usize::from(cell.starts_with('-')));
                let width = width.saturating_sub(sign.len());
                cell = format!("{sign}{number:0>width$}");
            } else {
                cell = format!("{cell:>width$}");
            }
            self.charge(1 + cell.len() / 8, at, context)?;
            // Writing to a String cannot fail.
            let _ = write!(out, "{cell}");
        }
        out.push_str(rest);
        if values.next().is_some() {
            return Err(self.fail(at, context, format_args!("`{}` has more values than `%`", call.name)));
        }
        Ok(out)
    }
}

fn digits(text: &str) -> (Option<usize>, &str) {
    let (digits, rest) =
        text.split_at(text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    // Too many digits for a number are too wide all the more.
    ((!digits.is_empty()).then(|| digits.parse().unwrap_or(WIDEST)), rest)
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut starts = true;
    for c in text.chars() {
        if starts {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        starts = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    out
}
