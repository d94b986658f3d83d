//! The terminal's settings, as they were before line editing changed them.

use std::io::{Write as _, stdin, stdout};

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

/// Ends the mode in which a terminal marks what is pasted.
const NO_BRACKETED_PASTE: &[u8] = b"\x1b[?2004l\r\n";

/// What standard input was set to, and is again when this is dropped. Whoever edits a line has a thread of their own that
/// nothing can break off; where a signal ends the program meanwhile, nobody else puts the terminal right.
pub(super) struct LineSettings(Option<Termios>);

impl LineSettings {
    /// Keeps them, where standard input is a terminal.
    pub(super) fn keep() -> Self {
        Self(tcgetattr(stdin()).ok())
    }
}

impl Drop for LineSettings {
    fn drop(&mut self) {
        let (Some(before), Ok(now)) = (&self.0, tcgetattr(stdin())) else {
            return;
        };
        if now.local_flags == before.local_flags {
            return;
        }
        // A terminal that is gone by now needs nothing.
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, before);
        let mut out = stdout().lock();
        let _ = out.write_all(NO_BRACKETED_PASTE).and_then(|()| out.flush());
    }
}
