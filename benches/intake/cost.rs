//! What processes cost: processor time and resident memory, as Linux tells them in `/proc`.

use std::fs;
use std::path::Path;

/// Linux gives the times in `/proc` in hundredths of a second, whatever its own clock (proc(5), `USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// The processor time of one process so far, in seconds.
pub fn seconds(pid: u32) -> f64 {
    let fields = stat(pid).unwrap();
    ticks(&fields, [11, 12])
}

/// The processor time of a PostgreSQL server so far, in seconds: of the postmaster, of its children, and of those that
/// have ended.
pub fn postgres_seconds(data: &Path) -> f64 {
    let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    let postmaster: u32 = lock.lines().next().unwrap().trim().parse().unwrap();
    let ended_too = ticks(&stat(postmaster).unwrap(), [11, 12, 13, 14]);
    let children = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid = entry.unwrap().file_name().to_str()?.parse().ok()?;
        let fields = stat(pid)?;
        (fields[1] == postmaster.to_string()).then(|| ticks(&fields, [11, 12]))
    });
    ended_too + children.sum::<f64>()
}

/// The resident memory of one process, in megabytes.
pub fn resident_megabytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024.0
}

/// The fields of `/proc/<pid>/stat` after the program's name, which may hold anything: the first is the state, the
/// second the parent. `None` if the process has ended.
fn stat(pid: u32) -> Option<Vec<String>> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = line.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn ticks<const N: usize>(fields: &[String], places: [usize; N]) -> f64 {
    let ticks = places.map(|place| fields[place].parse::<f64>().unwrap());
    ticks.iter().sum::<f64>() / TICKS_PER_SECOND
}
