//! Credentials in the clear among what sources say anew.
//!
//! What must stay true: only values that differ from what the source said before are looked at, so that the cost follows
//! the change, and what stands in force for years does not stop a reload of something else; no message holds a value.

use super::decide::told;
use crate::api::change::Issue;
use crate::domain::credential::{Finding, forbidden};
use crate::domain::error::{Error, Result};
use crate::domain::secret::SecretReferences;
use crate::engine::transact::View;
use crate::store::base::{self, Altered, Said};
use crate::store::change::Change;
use crate::store::manifest;

/// `refused` where a source holds a credential that it did not hold before. Where the base goes back to what it was, it
/// is only told.
pub(super) fn look(view: &View<'_>, altered: &[Altered], goes_back: bool) -> Result<Vec<String>> {
    let differs = |one: &&Altered| {
        one.before.as_ref().map(|said| &said.value) != one.after.as_ref().map(|said| &said.value)
    };
    let found = among(view, altered.iter().filter(differs).filter_map(|one| one.after.as_ref()))?;
    if goes_back {
        let told = |(said, finding): &(&Said, Finding)| format!("{}: {}", said.origin, finding.sentence());
        return Ok(found.iter().map(told).collect());
    }
    let Some((_, first)) = found.first() else { return Ok(Vec::new()) };
    let problems = found.iter().map(|(said, finding)| format!("{}: {}", said.origin, finding.refusal()));
    Err(Error::refused(told(problems.collect())).hint(first.way_out()))
}

/// What is wrong by now with a request about the base that was made before.
pub(in crate::engine) fn issues_of(view: &View<'_>, change: &Change) -> Result<Vec<Issue>> {
    let asked = base::asked(view.db, change.number)?;
    let issue = |(said, finding): (&Said, Finding)| Issue {
        message: format!("{}: {}", said.origin, finding.refusal()),
        path: Some(finding.path),
        rule: None,
        credential: Some(finding.kind),
    };
    Ok(among(view, asked.iter())?.into_iter().map(issue).collect())
}

fn among<'s>(view: &View<'_>, said: impl Iterator<Item = &'s Said>) -> Result<Vec<(&'s Said, Finding)>> {
    let secrets: SecretReferences = manifest::part(view.db, "secrets")?;
    let mut found = Vec::new();
    for said in said {
        if let Some(finding) = forbidden(&said.path, &said.value, &secrets.allow)
            && !manifest::is_secret(view.db, said.path.as_str())?
        {
            found.push((said, finding));
        }
    }
    Ok(found)
}
