//! One service in full.

use super::{look, named, words};
use crate::api::service::{DisabledView, InstanceDetail, ShowService, ShowServiceReply, UsedView};
use crate::domain::error::Result;
use crate::domain::member::Caller;
use crate::engine::delivery::in_force;
use crate::engine::mask::Mask;
use crate::engine::transact::View;
use crate::engine::{Engine, Handle};
use crate::store::{manifest, service};

impl Handle<ShowService> for Engine {
    fn handle(&mut self, caller: &Caller, request: ShowService) -> Result<ShowServiceReply> {
        self.look(caller, |view| show(view, &request.name))
    }
}

fn show(view: &View<'_>, name: &str) -> Result<ShowServiceReply> {
    let service = named(view, name)?;
    let mask = Mask::new(view);
    let kept = in_force(view, &service)?;
    let settings = manifest::settings_of(view.db, kept.keys())?;
    let mut values = Vec::new();
    for ((path, value), setting) in kept.into_iter().zip(settings) {
        let value = mask.shown(&path, value)?;
        values.push(UsedView { path, value, restart: setting.is_some_and(|setting| setting.restart) });
    }
    let mut fallback = service.fallback.clone();
    for (path, value) in &mut fallback {
        *value = mask.shown(path, value.take())?;
    }
    let standing = look::standing(view, &service)?;
    let instances =
        standing.into_iter().zip(service.instances()).map(|((shown, known), instance)| InstanceDetail {
            instance: shown,
            adopted: known.adopted,
            deliver: instance.deliver.as_ref().map(words::of_delivery),
            reload: instance.reload.as_ref().map(words::of_reload),
            read_back: instance.read_back.as_ref().map(words::of_read_back),
            health: instance.health.iter().map(words::of_probe).collect(),
            restart: instance.restart.as_ref().and_then(words::of_restart),
        });
    Ok(ShowServiceReply {
        disabled: service::disabled(view.db, &service.name)?.map(to_view),
        instances: instances.collect(),
        waves: service.waves().map(|wave| wave.iter().map(|one| one.name.clone()).collect()).collect(),
        bake: service.rollout.bake.to_string(),
        values,
        fallback,
        service: service.name,
        description: service.description,
        priority: service.priority,
        critical: service.critical,
        uses: service.uses,
    })
}

/// That nothing is delivered to a service, as it is shown.
pub(super) fn to_view(disabled: service::Disabled) -> DisabledView {
    DisabledView { since: disabled.since, by: disabled.by, reason: disabled.reason }
}
