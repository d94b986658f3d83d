//! What reading a mail costs, counted in bytes looked at rather than in time, so that a test can hold that it
//! grows as the mail does. Outside of tests nothing is counted.

#[cfg(test)]
thread_local! {
    static SPENT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Notes that `bytes` were looked at on this thread.
#[cfg(test)]
pub(crate) fn spend(bytes: usize) {
    SPENT.set(SPENT.get() + bytes as u64);
}

/// Notes that `bytes` were looked at.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn spend(_bytes: usize) {}

/// What `work` costs.
#[cfg(test)]
pub(crate) fn of(work: impl FnOnce()) -> u64 {
    let before = SPENT.get();
    work();
    SPENT.get() - before
}
