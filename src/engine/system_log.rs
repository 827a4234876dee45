//! Sends the audit chain's head to the system log, so that a rewritten or shortened chain shows elsewhere.

use crate::domain::audit::Head;
use crate::domain::notice::on_one_line;
use std::os::unix::net::UnixDatagram;

/// Sends the chain's head after an action, with severity notice.
pub(super) fn send(store_id: &str, head: &Head, action: &str) {
    line(85, &format!("store {store_id} {action} head {head}"));
}

/// Sends that something went wrong beside what was done, with severity warning.
pub(super) fn warn(store_id: &str, remark: &str) {
    line(84, &format!("store {store_id} {}", on_one_line(remark)));
}

/// Sends one line (RFC 3164, facility authpriv). A machine without a system log is left in peace.
fn line(priority: u8, text: &str) {
    let Ok(socket) = UnixDatagram::unbound() else { return };
    if socket.connect("/dev/log").is_err() || socket.set_nonblocking(true).is_err() {
        return;
    }
    // The record in the store is the one that counts: a log that is full does not stop the change.
    let _ = socket.send(format!("<{priority}>cfgctl[{}]: {text}", std::process::id()).as_bytes());
}
