//! `cargo xtask mongod`, and the server under `test` and `bench`: a real `mongod` as a one-node replica set on
//! loopback.

mod install;
mod wire;

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use self::wire::Value;
use crate::{Result, workspace};

const REPLICA_SET: &str = "rs0";
/// A fresh server is a writable primary after two to three seconds; on a machine that is busy, after more.
const START_LIMIT: Duration = Duration::from_secs(120);
const STOP_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// `mongod start`: prints the URI of a running server, starting it if need be.
pub(crate) fn start() -> Result<()> {
    if let Some(uri) = workspace::mongodb_uri() {
        eprintln!("MONGODB_URI is set: nothing is started");
        println!("{uri}");
        return Ok(());
    }
    let _lock = lock()?;
    let port = match Started::running() {
        // It may have been started by a command that was interrupted before the server was ready.
        Some(started) => wait_until_primary(started.port, || true).map(|()| started.port)?,
        None => {
            let data = workspace::mongod_folder().join("data");
            let (_, port, ()) = launch(&install::find_or_install()?, &data, |pid, port| {
                Started { pid, port }.write()
            })?;
            port
        }
    };
    println!("{}", uri_of(port));
    Ok(())
}

/// `mongod stop`: stops what [`start`] started, and nothing else.
pub(crate) fn stop() -> Result<()> {
    let _lock = lock()?;
    let Some(started) = Started::running() else {
        eprintln!("no server that `cargo xtask mongod start` started is running");
        return Started::forget();
    };
    started.signal("TERM")?;
    if !wait_while(STOP_LIMIT, || started.runs()) {
        started.signal("KILL")?;
        if !wait_while(STOP_LIMIT, || started.runs()) {
            return Err(format!("mongod (process {}) does not stop", started.pid).into());
        }
    }
    eprintln!("stopped mongod (process {})", started.pid);
    Started::forget()
}

/// `mongod uri`: prints the URI of the running server.
pub(crate) fn uri() -> Result<()> {
    let uri =
        workspace::mongodb_uri().or_else(|| Started::running().map(|started| uri_of(started.port)));
    println!("{}", uri.ok_or("no server is running; `cargo xtask mongod start` starts one")?);
    Ok(())
}

/// `mongod status`: says which server would be used, and whether it runs.
pub(crate) fn status() -> Result<()> {
    if workspace::mongodb_uri().is_some() {
        println!("MONGODB_URI is set: that server is used, and none is started");
    }
    match Started::running() {
        Some(started) => println!("running: process {}, {}", started.pid, uri_of(started.port)),
        None => println!("not running"),
    }
    match install::find() {
        Some(program) => {
            println!("program: {} ({})", program.display(), install::version(&program)?)
        }
        None => println!("program: none yet; `cargo xtask mongod start` installs it"),
    }
    Ok(())
}

/// The MongoDB that a command of ours uses: `MONGODB_URI`, or a fresh server that stops when this is dropped.
pub(crate) struct Server {
    uri: String,
    /// Held for its drop.
    _own: Option<OwnServer>,
}

impl Server {
    pub(crate) fn for_this_run() -> Result<Self> {
        if let Some(uri) = workspace::mongodb_uri() {
            eprintln!("using MONGODB_URI");
            return Ok(Self { uri, _own: None });
        }
        let program = {
            let _lock = lock()?;
            install::find_or_install()?
        };
        let data = workspace::mongod_folder().join(format!("data-{}", std::process::id()));
        let (child, port, watchdog) = launch(&program, &data, |pid, _| Watchdog::over(pid, &data))?;
        Ok(Self { uri: uri_of(port), _own: Some(OwnServer { child, data, _watchdog: watchdog }) })
    }

    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }
}

struct OwnServer {
    child: Child,
    data: PathBuf,
    _watchdog: Watchdog,
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // The data are thrown away, so there is nothing to shut down in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// A shell that ends the server if this process ends without having done so, whatever ended it: the pipe from us
/// then closes before a line came.
struct Watchdog(Child);

impl Watchdog {
    const SCRIPT: &str =
        r#"trap "" HUP INT TERM; read -r done || { kill -KILL "$0"; sleep 1; rm -rf "$1"; }"#;

    fn over(mongod: u32, data: &Path) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", Self::SCRIPT]).arg(mongod.to_string()).arg(data);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(apart(&mut shell).spawn()?))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.0.stdin.take() {
            let _ = writeln!(stdin, "done");
        }
        let _ = self.0.wait();
    }
}

/// Starts a server on `data`, which is emptied first, and waits until it takes writes. `spawned` is told its process
/// id and port as soon as it has one; what it gives is dropped after a server that could not be started.
fn launch<T>(
    program: &Path,
    data: &Path,
    spawned: impl Fn(u32, u16) -> Result<T>,
) -> Result<(Child, u16, T)> {
    let mut tries = 3;
    loop {
        if data.exists() {
            fs::remove_dir_all(data)?;
        }
        fs::create_dir_all(data)?;
        let port = free_port()?;
        let mut child = spawn(program, data, port)?;
        let ready = spawned(child.id(), port).and_then(|given| {
            wait_until_primary(port, || matches!(child.try_wait(), Ok(None)))?;
            Ok(given)
        });
        let error = match ready {
            Ok(given) => return Ok((child, port, given)),
            Err(error) => error,
        };
        // Ended by itself: most likely somebody else has taken the port.
        let ended = matches!(child.try_wait(), Ok(Some(_)));
        let _ = child.kill();
        let _ = child.wait();
        tries -= 1;
        if !ended || tries == 0 {
            return Err(format!("{error}; the end of its log:\n{}", log_end(data)).into());
        }
    }
}

fn spawn(program: &Path, data: &Path, port: u16) -> Result<Child> {
    let mut mongod = Command::new(program);
    mongod.arg("--dbpath").arg(data).arg("--logpath").arg(data.join("mongod.log"));
    mongod.args(["--bind_ip", "127.0.0.1", "--port", &port.to_string(), "--nounixsocket"]);
    mongod.args(["--replSet", REPLICA_SET, "--oplogSize", "512", "--wiredTigerCacheSizeGB", "1"]);
    // Fail points (`configureFailPoint`) let tests see how a client takes a server's failures.
    for parameter in ["enableTestCommands=1", "diagnosticDataCollectionEnabled=false"] {
        mongod.args(["--setParameter", parameter]);
    }
    mongod.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    apart(&mut mongod)
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", program.display()).into())
}

/// Out of reach of the terminal's Ctrl-C.
fn apart(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn uri_of(port: u16) -> String {
    format!("mongodb://127.0.0.1:{port}/?directConnection=true")
}

/// Makes the server on `port` a replica set, unless it is one, and waits until it is its writable primary.
fn wait_until_primary(port: u16, mut runs: impl FnMut() -> bool) -> Result<()> {
    let host = format!("127.0.0.1:{port}");
    let member = [("_id", Value::Int(0)), ("host", Value::Str(&host))];
    let members = [Value::Doc(&member)];
    let config = [("_id", Value::Str(REPLICA_SET)), ("members", Value::Array(&members))];
    let initiate = [("replSetInitiate", Value::Doc(&config)), ("$db", Value::Str("admin"))];
    let hello = [("hello", Value::Int(1)), ("$db", Value::Str("admin"))];

    let deadline = Instant::now() + START_LIMIT;
    let mut initiated = false;
    let mut last = String::from("it does not answer");
    while Instant::now() < deadline {
        if !runs() {
            return Err("mongod ended while it was starting".into());
        }
        match wire::run_command(port, if initiated { &hello } else { &initiate }) {
            Ok(reply) if initiated && reply.is_true("isWritablePrimary") => return Ok(()),
            Ok(_) if initiated => last = "it is not a primary yet".into(),
            Ok(reply) if reply.is_ok() || reply.str("codeName") == "AlreadyInitialized" => {
                initiated = true
            }
            Ok(reply) => last = reply.str("errmsg").to_owned(),
            Err(error) => last = error.to_string(),
        }
        sleep(POLL);
    }
    Err(format!("mongod on port {port} took no writes within {} s: {last}", START_LIMIT.as_secs())
        .into())
}

fn log_end(data: &Path) -> String {
    let log = fs::read_to_string(data.join("mongod.log")).unwrap_or_else(|error| error.to_string());
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// True once `condition` no longer holds, false if it still does when the time is over.
fn wait_while(limit: Duration, condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while condition() {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(POLL);
    }
    true
}

/// Keeps two `cargo xtask` from installing or starting at the same time. Released on drop, and by the system.
fn lock() -> Result<File> {
    fs::create_dir_all(workspace::mongod_folder())?;
    let file = File::create(workspace::mongod_folder().join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// The server that `mongod start` started, as it is written in `target/mongod/started`.
#[derive(Debug, PartialEq)]
struct Started {
    pid: u32,
    port: u16,
}

impl Started {
    fn file() -> PathBuf {
        workspace::mongod_folder().join("started")
    }

    /// The one on file, if it still runs.
    fn running() -> Option<Self> {
        fs::read_to_string(Self::file()).ok().and_then(|text| Self::parse(&text)).filter(Self::runs)
    }

    fn parse(text: &str) -> Option<Self> {
        let field = |name| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        Some(Self { pid: field("pid")?.parse().ok()?, port: field("port")?.parse().ok()? })
    }

    fn print(&self) -> String {
        format!("pid={}\nport={}\nuri={}\n", self.pid, self.port, uri_of(self.port))
    }

    fn write(&self) -> Result<()> {
        let fresh = Self::file().with_extension("new");
        fs::write(&fresh, self.print())?;
        Ok(fs::rename(fresh, Self::file())?)
    }

    fn forget() -> Result<()> {
        for outcome in [
            fs::remove_file(Self::file()),
            fs::remove_dir_all(workspace::mongod_folder().join("data")),
        ] {
            if let Err(error) = outcome
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Whether the process is still the server on our data: a process id may since belong to something else.
    fn runs(&self) -> bool {
        command_line(self.pid)
            .contains(&format!("--dbpath {} ", workspace::mongod_folder().join("data").display()))
    }

    /// By the shell's own `kill`, which every machine has.
    fn signal(&self, signal: &str) -> Result<()> {
        let status = Command::new("sh")
            .args(["-c", r#"kill -s "$0" "$1""#, signal, &self.pid.to_string()])
            .status()?;
        if status.success() || !self.runs() {
            return Ok(());
        }
        Err(format!("cannot send {signal} to mongod (process {})", self.pid).into())
    }
}

/// A process's command line, its arguments parted by spaces; empty if there is no such process.
fn command_line(pid: u32) -> String {
    if Path::new("/proc/self/cmdline").exists() {
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        return String::from_utf8_lossy(&arguments).replace('\0', " ");
    }
    let ps = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output();
    ps.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_started_file_is_read_as_it_is_written() {
        let started = Started { pid: 4_000_000, port: 27_017 };
        assert_eq!(
            started.print(),
            "pid=4000000\nport=27017\nuri=mongodb://127.0.0.1:27017/?directConnection=true\n"
        );
        assert_eq!(Started::parse(&started.print()), Some(started));
        for broken in ["", "pid=1\n", "pid=one\nport=1\n", "pid=1\nport=70000\n"] {
            assert_eq!(Started::parse(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn another_process_is_not_taken_for_the_server() {
        let own = std::process::id();
        assert!(command_line(own).contains("xtask"), "{}", command_line(own));
        assert!(!Started { pid: own, port: 1 }.runs());
    }
}
