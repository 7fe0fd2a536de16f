//! Running a command in sight of the user while its output is kept.

use std::io::{self, Read, Write};
use std::process::Command;

use crate::Result;

/// Which of a command's streams are kept. All are shown as they come.
#[derive(Clone, Copy)]
pub(crate) enum Keep {
    Nothing,
    Stdout,
    /// Both streams in the order in which they were written, so that a test's lines follow cargo's line that names
    /// the test binary.
    Both,
}

/// Runs the command, and says whether it succeeded and what it wrote on the kept streams.
pub(crate) fn run(mut command: Command, keep: Keep) -> Result<(bool, String)> {
    if matches!(keep, Keep::Nothing) {
        return Ok((command.status()?.success(), String::new()));
    }
    let (mut reader, writer) = io::pipe()?;
    if matches!(keep, Keep::Both) {
        command.stderr(writer.try_clone()?);
    }
    command.stdout(writer);
    let mut child = command.spawn()?;
    // It holds the pipe's other end, and would keep it open.
    drop(command);

    let mut kept = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        match reader.read(&mut chunk)? {
            0 => break,
            n => {
                kept.extend(&chunk[..n]);
                io::stdout().write_all(&chunk[..n])?;
                io::stdout().flush()?;
            }
        }
    }
    Ok((child.wait()?.success(), String::from_utf8_lossy(&kept).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, keep: Keep, expected: (bool, &str)) {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        let (success, kept) = run(shell, keep).unwrap();
        assert_eq!((success, kept.as_str()), expected, "{script}");
    }

    #[test]
    fn output_is_kept_in_order() {
        check("echo a; echo b >&2; echo c", Keep::Both, (true, "a\nb\nc\n"));
        check("echo a; echo b >&2; exit 3", Keep::Stdout, (false, "a\n"));
        check("true", Keep::Nothing, (true, ""));
        check("exit 1", Keep::Nothing, (false, ""));
    }
}
