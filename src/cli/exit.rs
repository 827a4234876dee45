//! How the program ends: the one table from results to exit codes, and the one place that prints an error.

use super::session;
use crate::api::Outcome;
use crate::domain::error::{Code, Error};
use crate::output::{Named, escape, stream};
use serde_json::json;

/// The exit code of a result; `exit_zero` turns the answer "no" into 0.
pub(crate) fn code_of(result: std::result::Result<&Outcome, &Error>, exit_zero: bool) -> u8 {
    match result {
        Ok(Outcome::Done | Outcome::Unchanged) => 0,
        Ok(Outcome::No) if exit_zero => 0,
        Ok(Outcome::No) => 1,
        Ok(Outcome::Refused) => 6,
        Ok(Outcome::Pending) => 8,
        Ok(Outcome::Integrity) => 9,
        Ok(Outcome::RolledBack) => 10,
        Ok(Outcome::RollbackFailed) => 11,
        Ok(Outcome::PartlyVerified) => 13,
        Err(error) => match error.code {
            Code::Usage => 2,
            Code::NotFound => 3,
            Code::Unauthenticated | Code::Denied => 4,
            Code::Conflict => 5,
            Code::Invalid | Code::Refused => 6,
            Code::Unavailable | Code::RateLimited => 7,
            Code::Integrity => 9,
            Code::UnknownOutcome => 12,
            Code::Internal => 70,
        },
    }
}

/// Prints an error, as JSON where that is wanted; the commands in its hint name the store as it was named.
pub(crate) fn complain(error: &Error, code: u8, as_json: bool, named: &Named) {
    let Error { code: kind, message, hint, retryable } = error;
    let hint = hint.as_deref().map(|hint| named.in_text(hint));
    if as_json {
        let report = json!({"error": {
            "code": kind, "message": message, "hint": hint, "retryable": retryable, "exit_code": code,
        }});
        return stream::remark(&escape::json(&report.to_string()));
    }
    stream::remark(&format!("error: {}", escape::lines(message)));
    if let Some(hint) = hint {
        stream::remark(&format!("hint: {}", escape::lines(&hint)));
    }
}

/// Ends where the words could not be read: with help or the version asked for on standard output and 0, else with
/// what is wrong and 2.
pub(crate) fn for_words(error: &clap::Error, as_json: bool) -> u8 {
    let text = error.render();
    if !error.use_stderr() {
        let colored = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let text = if colored { text.ansi().to_string() } else { text.to_string() };
        let result = session::written(stream::answer(&text), false);
        let code = code_of(result.as_ref().map(|_| &Outcome::Done), false);
        if let Err(error) = &result {
            complain(error, code, as_json, &Named::BY_NOTHING);
        }
        return code;
    }
    let code = code_of(Err(&Error::usage("")), false);
    if as_json {
        complain(&usage(&text.to_string()), code, true, &Named::BY_NOTHING);
    } else {
        let colored = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        // What was typed stands in it: control characters of that are shown, not sent.
        let plain = text.to_string();
        let shown = escape::lines(&plain);
        let text = if colored && shown == plain { text.ansi().to_string() } else { shown.into_owned() };
        stream::remark(text.trim_end());
    }
    code
}

/// What the parser wrote for people, as an error: the first paragraph is what is wrong, the others what to do.
fn usage(text: &str) -> Error {
    let on_one_line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = text.split("\n\n").map(on_one_line).filter(|paragraph| !paragraph.is_empty());
    let message = paragraphs.next().unwrap_or_default();
    let error = Error::usage(format!("{}.", message.trim_start_matches("error: ")));
    match paragraphs.collect::<Vec<_>>().join("; ") {
        hint if hint.is_empty() => error,
        hint => error.hint(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_and_every_error_has_its_code() {
        for (outcome, code) in [
            (Outcome::Done, 0),
            (Outcome::Unchanged, 0),
            (Outcome::No, 1),
            (Outcome::Refused, 6),
            (Outcome::Pending, 8),
            (Outcome::Integrity, 9),
        ] {
            assert_eq!(code_of(Ok(&outcome), false), code, "{outcome:?}");
        }
        for (kind, code) in [
            (Code::Usage, 2),
            (Code::NotFound, 3),
            (Code::Unauthenticated, 4),
            (Code::Denied, 4),
            (Code::Conflict, 5),
            (Code::Invalid, 6),
            (Code::Refused, 6),
            (Code::Unavailable, 7),
            (Code::RateLimited, 7),
            (Code::Integrity, 9),
            (Code::UnknownOutcome, 12),
            (Code::Internal, 70),
        ] {
            assert_eq!(code_of(Err(&Error::new(kind, "x")), true), code, "{kind:?}");
        }
    }

    #[test]
    fn exit_zero_turns_only_the_answer_no_into_0() {
        for (outcome, code) in
            [(Outcome::No, 0), (Outcome::Pending, 8), (Outcome::Integrity, 9), (Outcome::Refused, 6)]
        {
            assert_eq!(code_of(Ok(&outcome), true), code, "{outcome:?}");
        }
    }

    #[test]
    fn the_parsers_text_becomes_message_and_hint() {
        let error =
            usage("error: unexpected argument '--x' found\n\nUsage: cfgctl get\n\nFor more, try '--help'.\n");
        assert_eq!(error.message, "unexpected argument '--x' found.");
        assert_eq!(error.hint.as_deref(), Some("Usage: cfgctl get; For more, try '--help'."));
    }
}
