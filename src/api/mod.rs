//! What can be asked of cfgctl: one struct a request, its reply, its verb and its path.
//!
//! The table at the end lists every operation once. From it come the `Request` impls, the names, and (by
//! `for_each_operation!`) whatever wants to do something for all of them: the engine's proof that each has a handler,
//! and the server's routes. Requests are flat where they read, and whatever comes back can cross a wire unchanged.

pub mod audit;
pub mod backup;
pub mod change;
pub mod change_request;
pub mod complete;
pub mod confirm;
pub mod delegation;
pub mod delivery;
pub mod diff;
pub mod drift;
pub mod emergency;
pub mod export;
pub mod feature;
pub mod history;
pub mod manifest;
pub mod member;
pub mod notify;
pub mod reload;
pub mod restart;
pub mod review;
pub mod rollback;
pub mod secret;
pub mod service;
pub mod source;
pub mod stats;
pub mod status;
pub mod value;
pub mod version;
pub mod watch;

use serde::{Serialize, de::DeserializeOwned};

/// An operation as a value: its arguments are the fields, its answer the `Reply`.
pub trait Request: Serialize + DeserializeOwned {
    /// What comes back.
    type Reply: Reply;
    /// The operation's name, as audit entries and logs give it.
    const NAME: &'static str;
    /// Whether it reads or writes.
    const VERB: Verb;
    /// Its path on the wire, below `/api/v1`.
    const PATH: &'static str;
}

/// What an operation does to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads, and never writes.
    Get,
    /// Writes.
    Post,
}

/// An answer, with what it amounts to.
pub trait Reply: Serialize + DeserializeOwned {
    /// What the answer amounts to; the exit code follows from it.
    fn outcome(&self) -> Outcome {
        Outcome::Done
    }

    /// The change that it made, with what that amounts to: what is to follow with the change's delivery.
    fn made(&mut self) -> Option<(&mut change::ChangeView, &mut Outcome)> {
        None
    }
}

/// What an answer amounts to. None of these is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Done, or the question's answer is clean.
    Done,
    /// Nothing had to be done: it is so already.
    Unchanged,
    /// The answer is "no", or some items were skipped as asked.
    No,
    /// Taken, and now waiting for approval or for its time.
    Pending,
    /// Rejected, cancelled or expired while it was waited for.
    Refused,
    /// A checksum, a chain or a store does not hold.
    Integrity,
    /// It was applied, and the former state is back.
    RolledBack,
    /// It was to be taken back, and that failed: a person is needed now.
    RollbackFailed,
    /// It was applied and kept, and some services do not run with it.
    PartlyVerified,
}

/// Declares the table of operations: module, request, reply, verb, path.
macro_rules! operations {
    ($($module:ident :: $request:ident => $reply:ident, $verb:ident $path:literal;)*) => {
        $(impl Request for $module::$request {
            type Reply = $module::$reply;
            const NAME: &'static str = concat!(stringify!($module), ".", stringify!($request));
            const VERB: Verb = Verb::$verb;
            const PATH: &'static str = $path;
        })*

        /// Every operation's name, verb and path, in the order of the table.
        pub const OPERATIONS: &[(&str, Verb, &str)] =
            &[$((<$module::$request as Request>::NAME, Verb::$verb, $path),)*];

        /// Calls the given macro once with the request types of all operations.
        macro_rules! for_each_operation {
            ($callback:ident) => { $callback! { $($crate::api::$module::$request,)* } };
        }
        pub(crate) use for_each_operation;
    };
}

operations! {
    value::Get => GetReply, Get "/values";
    value::Explain => ExplainReply, Get "/values/explain";
    value::Blame => BlameReply, Get "/values/blame";
    change::MakeChange => ChangeReply, Post "/changes";
    change::ApplyDocument => ChangeReply, Post "/changes/batch";
    change::Validate => ValidateReply, Post "/validate";
    change::Assess => AssessReply, Post "/assess";
    change_request::ListRequests => ListRequestsReply, Get "/change-requests";
    change_request::ShowRequest => ShowRequestReply, Get "/change-requests/show";
    change_request::ShowEvidence => ShowEvidenceReply, Get "/change-requests/evidence";
    change_request::Approve => DecisionReply, Post "/change-requests/approve";
    change_request::Reject => DecisionReply, Post "/change-requests/reject";
    change_request::Cancel => DecisionReply, Post "/change-requests/cancel";
    change_request::Execute => DecisionReply, Post "/change-requests/execute";
    change_request::AttachEvidence => DecisionReply, Post "/change-requests/test";
    change_request::EditRequest => DecisionReply, Post "/change-requests/edit";
    change_request::RefreshRequest => DecisionReply, Post "/change-requests/refresh";
    change_request::Comment => DecisionReply, Post "/change-requests/comment";
    change_request::Schedule => DecisionReply, Post "/change-requests/schedule";
    export::ExportRequests => ExportRequestsReply, Get "/change-requests/export";
    review::ReviewChange => ReviewReply, Post "/change-requests/review";
    restart::RecordRestart => RecordRestartReply, Post "/change-requests/restarted";
    emergency::MakeEmergency => EmergencyReply, Post "/emergencies";
    emergency::ListEmergencies => ListEmergenciesReply, Get "/emergencies";
    emergency::Acknowledge => AcknowledgeReply, Post "/emergencies/acknowledge";
    emergency::ReviewEmergency => EmergencyReviewReply, Post "/emergencies/review";
    emergency::Contacts => ContactsReply, Get "/emergencies/contacts";
    confirm::Confirm => ConfirmReply, Post "/confirm";
    confirm::Settle => SettleReply, Post "/settle";
    rollback::Rollback => RollbackReply, Post "/rollback";
    rollback::Undo => RollbackReply, Post "/undo";
    rollback::Restore => RollbackReply, Post "/restore";
    version::ListVersions => ListVersionsReply, Get "/versions";
    version::ShowVersion => ShowVersionReply, Get "/versions/show";
    version::CreateVersion => VersionReply, Post "/versions/create";
    version::TagVersion => VersionReply, Post "/versions/tag";
    version::UntagVersion => VersionReply, Post "/versions/untag";
    version::MarkBaseline => VersionReply, Post "/versions/baseline";
    version::PruneVersions => PruneVersionsReply, Post "/versions/prune";
    diff::Diff => DiffReply, Post "/diff";
    drift::FindDrift => DriftReply, Get "/drift";
    drift::FindServiceDrift => ServiceDriftReply, Get "/drift/services";
    drift::AdoptDrift => AdoptReply, Post "/drift/adopt";
    history::History => HistoryReply, Get "/history";
    watch::Watch => WatchReply, Get "/watch";
    backup::CreateBackup => BackupReply, Post "/backups/create";
    backup::ListBackups => ListBackupsReply, Get "/backups";
    backup::ShowBackup => ShowBackupReply, Get "/backups/show";
    backup::VerifyBackups => VerifyBackupsReply, Get "/backups/verify";
    backup::PruneBackups => PruneBackupsReply, Post "/backups/prune";
    manifest::ShowManifest => ShowManifestReply, Get "/manifest";
    manifest::CheckManifest => CheckManifestReply, Post "/manifest/check";
    manifest::DiffManifest => DiffManifestReply, Post "/manifest/diff";
    manifest::ApplyManifest => ApplyManifestReply, Post "/manifest/apply";
    member::Invite => InviteReply, Post "/members/invite";
    member::Join => TokenReply, Post "/members/join";
    member::AddProgram => MemberReply, Post "/members/add-program";
    member::ListMembers => ListMembersReply, Get "/members";
    member::ChangeRole => MemberReply, Post "/members/role";
    member::RemoveMember => MemberReply, Post "/members/remove";
    member::EndSolo => EndSoloReply, Post "/members/end-solo";
    delivery::Follow => FollowReply, Post "/deliveries/follow";
    delegation::Delegate => DelegateReply, Post "/members/delegate";
    delegation::ListDelegations => ListDelegationsReply, Get "/members/delegations";
    member::IssueToken => TokenReply, Post "/tokens/issue";
    member::ListTokens => ListTokensReply, Get "/tokens";
    member::RevokeToken => MemberReply, Post "/tokens/revoke";
    notify::TestNotify => TestNotifyReply, Post "/notify/test";
    audit::ListAudit => ListAuditReply, Get "/audit";
    audit::VerifyAudit => VerifyAuditReply, Get "/audit/verify";
    feature::ListFeatures => ListFeaturesReply, Get "/features";
    feature::CheckFeature => CheckFeatureReply, Get "/features/check";
    reload::Reload => ReloadReply, Post "/config/reload";
    reload::ListReloads => ListReloadsReply, Get "/config/history";
    source::ListSources => ListSourcesReply, Get "/sources";
    source::CheckSources => CheckSourcesReply, Get "/sources/check";
    secret::Rotate => RotateReply, Post "/secrets/rotate";
    secret::Reveal => RevealReply, Post "/secrets/reveal";
    secret::Seal => SealReply, Post "/secrets/seal";
    secret::Scan => ScanReply, Post "/secrets/scan";
    secret::Forget => ForgetReply, Post "/secrets/forget";
    service::ListServices => ListServicesReply, Get "/services";
    service::ShowService => ShowServiceReply, Get "/services/show";
    service::CheckServices => CheckServicesReply, Get "/services/check";
    service::ProbeServices => ProbeServicesReply, Get "/services/health";
    service::SyncServices => SyncReply, Post "/services/sync";
    service::AdoptService => AdoptServiceReply, Post "/services/adopt";
    service::RestartService => RestartReply, Post "/services/restart";
    service::DisableService => SwitchReply, Post "/services/disable";
    service::EnableService => SwitchReply, Post "/services/enable";
    stats::Stats => StatsReply, Get "/config/stats";
    status::Status => StatusReply, Get "/config/status";
    status::Doctor => DoctorReply, Get "/doctor";
    complete::Complete => CompleteReply, Get "/complete";
}
