//! Sends the audit chain's head to the system log, so that a rewritten or shortened chain shows elsewhere.

use crate::domain::audit::Head;
use std::os::unix::net::UnixDatagram;

/// Sends one line (RFC 3164, facility authpriv, severity notice). A machine without a system log is left in peace.
pub(super) fn send(store_id: &str, head: &Head, action: &str) {
    let Ok(socket) = UnixDatagram::unbound() else { return };
    if socket.connect("/dev/log").is_err() || socket.set_nonblocking(true).is_err() {
        return;
    }
    // The record in the store is the one that counts: a log that is full does not stop the change.
    let _ = socket.send(
        format!("<85>cfgctl[{}]: store {store_id} {action} head {head}", std::process::id()).as_bytes(),
    );
}
