//! Names for completion.

use super::{Engine, Handle};
use crate::api::complete::{Candidate, Complete, CompleteReply, Noun};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::store::change::{self, Which};
use crate::store::{backup, base, manifest, member, overrides, version};
use std::collections::BTreeSet;

/// At most so many names.
const MOST: u32 = 200;

impl Handle<Complete> for Engine {
    fn handle(&mut self, caller: &Caller, request: Complete) -> Result<CompleteReply> {
        self.look(caller, |view| {
            let db = view.db;
            let candidate = |name: String, about: String| Candidate { name, about };
            let mut items =
                match request.noun {
                    Noun::Path => {
                        let mut paths: BTreeSet<String> =
                            manifest::paths_like(db, &request.prefix, MOST)?.into_iter().collect();
                        paths.extend(base::paths_like(db, &request.prefix, MOST)?);
                        paths.extend(overrides::paths_like(db, &request.prefix, MOST)?);
                        paths.into_iter().map(|path| candidate(path, String::new())).collect()
                    }
                    Noun::Tag | Noun::Version => {
                        let mut names: Vec<Candidate> = version::tags_like(db, &request.prefix, MOST)?
                            .into_iter()
                            .map(|(tag, version)| candidate(tag, format!("version {version}")))
                            .collect();
                        if request.noun == Noun::Version {
                            let newest = version::list(db, None, false, MOST)?;
                            names.extend(newest.into_iter().map(|version| {
                                candidate(version.id.to_string(), version.created_at.short())
                            }));
                        }
                        names
                    }
                    Noun::Request | Noun::Change => {
                        let which = if request.noun == Noun::Request { Which::Open } else { Which::All };
                        let found = change::list(db, which, None, MOST)?;
                        found.into_iter().map(|change| candidate(change.id, change.reason)).collect()
                    }
                    Noun::Backup => {
                        let found = backup::list(db, None, MOST)?;
                        found
                            .into_iter()
                            .map(|record| candidate(record.name, record.created_at.short()))
                            .collect()
                    }
                    Noun::Source => manifest::sources(db)?
                        .into_iter()
                        .map(|source| candidate(source.name.clone(), source.place()))
                        .collect(),
                    Noun::Service => manifest::services(db)?
                        .into_values()
                        .map(|service| candidate(service.name, service.description.unwrap_or_default()))
                        .collect(),
                    Noun::Member => member::list(db)?
                        .into_iter()
                        .map(|member| candidate(member.name, member.role.to_string()))
                        .collect(),
                };
            items.retain(|item| item.name.starts_with(&request.prefix));
            items.truncate(MOST as usize);
            Ok(CompleteReply { items })
        })
    }
}
