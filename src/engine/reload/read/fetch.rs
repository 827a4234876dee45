//! A source over the network is read: the server is asked, left alone where it fails, and replaced by its cache.
//!
//! What must stay true: what is remembered of a server is kept with the reload; a look that writes nothing keeps nothing.

use super::{Gave, Reader, Remote, limits_of};
use crate::domain::base_document;
use crate::domain::breaker::May;
use crate::domain::document::Format;
use crate::domain::error::{Error, Result};
use crate::domain::source::{Addresses, LONGEST_ANSWER, Source};
use crate::net::{Client, Settings};
use crate::source::{cache, http};

impl Reader<'_> {
    pub(super) fn http(&self, source: &Source, remote: &mut Option<Remote>) -> Result<Gave> {
        let urls = source.http.as_ref().map(Addresses::all).unwrap_or_default();
        let cache = source.cache.as_deref().map(|name| self.place(name));
        let kept = || cache.as_deref().map_or(Ok(None), |place| cache::read(place, urls));
        let limits = limits_of(source);
        let known = Remote::of(&self.prepared.states, &source.name);
        let fetched = match known.breaker.may_try(self.prepared.now, &limits) {
            May::Open { until } => Err(Error::unavailable(format!(
                "it failed {} times in a row and is left alone until {}.",
                known.breaker.failures,
                until.short()
            ))
            .hint("Read it after that: cfgctl reload")),
            may => {
                let begun = if may == May::Trial {
                    known.breaker.trial_begun(self.prepared.now)
                } else {
                    known.breaker
                };
                let fetched = self.fetch(source, urls, kept);
                let breaker = match &fetched {
                    Ok(_) => begun.succeeded(),
                    Err(_) => begun.failed(self.prepared.now, &limits),
                };
                *remote = Some(Remote { breaker });
                fetched
            }
        };
        match fetched {
            Ok(entry) => {
                let mut gave = self.of_server(source, &entry)?;
                if let Some(place) = cache.as_deref().filter(|_| self.prepared.keeps)
                    && let Err(error) = cache::write(place, &entry)
                {
                    gave.warnings
                        .push(format!("The cache of {} is not written: {}", source.name, error.message));
                }
                Ok(gave)
            }
            // What was kept serves where the server does not.
            Err(error) => match kept()? {
                Some(entry) => {
                    let mut gave = self.of_server(source, &entry)?;
                    gave.from_cache = true;
                    gave.warnings.push(format!(
                        "{} does not answer, its cache of {} does: {}",
                        source.name,
                        entry.fetched_at.short(),
                        error.message
                    ));
                    Ok(gave)
                }
                None => Err(error),
            },
        }
    }

    /// What the server says now, or what is kept of it where it says that this still holds.
    fn fetch(
        &self,
        source: &Source,
        urls: &[String],
        kept: impl Fn() -> Result<Option<cache::Entry>>,
    ) -> Result<cache::Entry> {
        let known = kept().ok().flatten();
        let stamp = known
            .as_ref()
            .and_then(|entry| Some(http::Stamp { url: entry.url.clone(), etag: entry.etag.clone()? }));
        let lookup = |name: &str| self.variables.get(name).cloned();
        let settings =
            Settings::of_environment(lookup, source.ca_file.as_deref().map(|name| self.place(name)));
        let mut headers = Vec::new();
        for (name, value) in &source.headers {
            headers.push((name.clone(), self.header(source, name, value)?));
        }
        let wanted = http::HttpSource {
            urls: urls.to_vec(),
            headers,
            timeout: source.timeout().duration(),
            longest: usize::try_from(source.longest.unwrap_or(LONGEST_ANSWER)).unwrap_or(usize::MAX),
            allow_plain: source.plain,
        };
        match http::fetch(&Client::new(settings), &wanted, stamp.as_ref())? {
            http::Fetched::Document { bytes, etag, content_type, url, .. } => {
                Ok(cache::Entry { url, fetched_at: self.prepared.now, etag, content_type, bytes })
            }
            http::Fetched::Unchanged { .. } => known
                .map(|entry| cache::Entry { fetched_at: self.prepared.now, ..entry })
                .ok_or_else(|| Error::internal("A server was asked about what is not kept.")),
        }
    }

    /// A header with the variables that it names put in.
    fn header(&self, source: &Source, name: &str, value: &str) -> Result<String> {
        let said = format!("The header {name} of the source {}", source.name);
        base_document::text_with_variables(&said, value, &|variable| self.variable(variable).ok().flatten())
    }

    fn of_server(&self, source: &Source, entry: &cache::Entry) -> Result<Gave> {
        let format = match &source.format {
            Some(name) => Some(Format::parse(name)?),
            None => http::format_of(entry.content_type.as_deref(), &entry.url),
        };
        let mut gave = Gave::default();
        self.document(format, &crate::net::shown(&entry.url), &entry.bytes, &mut gave)?;
        Ok(gave)
    }
}
