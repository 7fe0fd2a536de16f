//! Connection options without a connection string, or on top of one.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mongodb::options::{AuthMechanism, ClientOptions, Credential, ServerAddress, Tls, TlsOptions};
use odm_core::{Error, ReadConcern, ReadPreference, Result, WriteConcern};

use crate::backend::MongoBackend;
use crate::concern;
use crate::error::from_driver;

macro_rules! mongo_options {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// How to connect: a connection string, options of one's own, or both; an option given here
        /// goes before the connection string's.
        ///
        /// ```no_run
        /// # async fn connect() -> odm_core::Result<()> {
        /// use backend_mongo::MongoOptions;
        ///
        /// let backend = MongoOptions::new()
        ///     .hosts(["db1.example:27017", "db2.example:27017"].map(String::from))
        ///     .replica_set("rs0")
        ///     .username("app")
        ///     .password("secret")
        ///     .default_database("shop")
        ///     .connect()
        ///     .await?;
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone, Default)]
        pub struct MongoOptions {
            $($field: Option<$type>,)*
        }

        impl MongoOptions {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $field(mut self, value: impl Into<$type>) -> Self {
                    self.$field = Some(value.into());
                    self
                }
            )*
        }
    };
}

mongo_options! {
    /// The connection string: `mongodb://…`, or `mongodb+srv://…` with the feature `srv`.
    uri: String,
    /// The members to begin with, `host` or `host:port`; `localhost:27017` by default.
    hosts: Vec<String>,
    /// The name of the replica set; needed with more than one host.
    replica_set: String,
    /// Whether to talk to the one host given and no other.
    direct_connection: bool,
    /// The user's name.
    username: String,
    /// The user's password.
    password: String,
    /// The database that knows the user; `admin` by default.
    auth_source: String,
    /// For example `SCRAM-SHA-256`; negotiated by default.
    auth_mechanism: String,
    /// What [`MongoBackend::default_database`] gives.
    default_database: String,
    /// The application's name in the server's log.
    app_name: String,
    /// How many connections to a member at most; 0 for any number.
    max_pool_size: u32,
    /// How many connections to a member to keep open.
    min_pool_size: u32,
    /// How long a connection may be idle.
    max_idle_time: Duration,
    /// How long to wait for a connection to a member.
    connect_timeout: Duration,
    /// How long an operation waits for a suitable member; 30 s by default.
    server_selection_timeout: Duration,
    /// How long [`connect`](MongoOptions::connect) waits for the first answer; 10 s by default.
    connect_wait: Duration,
    /// How much slower than the nearest member a member may be.
    local_threshold: Duration,
    /// Whether a read is tried once more after a network error; true by default.
    retry_reads: bool,
    /// Whether a write is tried once more after a network error; true by default.
    retry_writes: bool,
    /// Which members may answer reads.
    read_preference: ReadPreference,
    /// Which writes reads may see.
    read_concern: ReadConcern,
    /// How far writes must have spread.
    write_concern: WriteConcern,
    /// Whether connections are encrypted.
    tls: bool,
    /// The certificates of the authorities to trust, in PEM form; implies `tls`.
    tls_ca_file: PathBuf,
    /// The client's certificate and key, in PEM form; implies `tls`.
    tls_certificate_key_file: PathBuf,
    /// Whether to accept any certificate; implies `tls`. For tests only.
    tls_allow_invalid_certificates: bool,
}

/// How long [`MongoOptions::connect`] waits unless told otherwise.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

impl MongoOptions {
    /// No options: `mongodb://localhost:27017`.
    #[must_use]
    pub fn new() -> Self {
        MongoOptions::default()
    }

    /// Connects, and waits for the deployment's first answer.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if an option is wrong, [`Error::Connection`] if nobody answers in time,
    /// [`Error::Authentication`] if the deployment refuses the credentials.
    pub async fn connect(self) -> Result<MongoBackend> {
        let wait = self.connect_wait.unwrap_or(CONNECT_WAIT);
        MongoBackend::connect_with(self.into_client_options().await?, wait).await
    }

    async fn into_client_options(self) -> Result<ClientOptions> {
        let mut out = match &self.uri {
            Some(uri) => ClientOptions::parse(uri).await.map_err(invalid)?,
            None => ClientOptions::default(),
        };
        if let Some(hosts) = &self.hosts {
            out.hosts = hosts
                .iter()
                .map(|host| ServerAddress::parse(host).map_err(invalid))
                .collect::<Result<_>>()?;
            if out.hosts.is_empty() {
                return Err(Error::Config("`hosts` is empty".to_owned()));
            }
        }
        self.set_credential(&mut out)?;
        self.set_tls(&mut out);
        macro_rules! set {
            ($($field:ident => $theirs:ident),* $(,)?) => {
                $(if let Some(value) = self.$field { out.$theirs = Some(value); })*
            };
        }
        set! {
            replica_set => repl_set_name,
            direct_connection => direct_connection,
            default_database => default_database,
            app_name => app_name,
            max_pool_size => max_pool_size,
            min_pool_size => min_pool_size,
            max_idle_time => max_idle_time,
            connect_timeout => connect_timeout,
            server_selection_timeout => server_selection_timeout,
            local_threshold => local_threshold,
            retry_reads => retry_reads,
            retry_writes => retry_writes,
        }
        if let Some(preference) = self.read_preference {
            out.selection_criteria = Some(concern::selection_criteria(preference));
        }
        if let Some(concern) = self.read_concern {
            out.read_concern = Some(concern::read_concern(concern));
        }
        if let Some(concern) = self.write_concern {
            out.write_concern = Some(concern::write_concern(concern));
        }
        if self.hosts.is_some_and(|hosts| hosts.len() > 1) && out.repl_set_name.is_none() {
            return Err(Error::Config(
                "several `hosts` need the name of their `replica_set`".to_owned(),
            ));
        }
        Ok(out)
    }

    fn set_credential(&self, out: &mut ClientOptions) -> Result<()> {
        let mechanism = match &self.auth_mechanism {
            Some(name) => Some(name.parse::<AuthMechanism>().map_err(invalid)?),
            None => None,
        };
        let given = self.username.is_some()
            || self.password.is_some()
            || self.auth_source.is_some()
            || mechanism.is_some();
        if !given {
            return Ok(());
        }
        let credential = out.credential.get_or_insert_with(Credential::default);
        if let Some(username) = &self.username {
            credential.username = Some(username.clone());
        }
        if let Some(password) = &self.password {
            credential.password = Some(password.clone());
        }
        if let Some(source) = &self.auth_source {
            credential.source = Some(source.clone());
        }
        if mechanism.is_some() {
            credential.mechanism = mechanism;
        }
        if credential.username.is_none() && credential.mechanism.is_none() {
            return Err(Error::Config("`username` is missing".to_owned()));
        }
        Ok(())
    }

    fn set_tls(&self, out: &mut ClientOptions) {
        let files = self.tls_ca_file.is_some()
            || self.tls_certificate_key_file.is_some()
            || self.tls_allow_invalid_certificates.is_some();
        if self.tls == Some(false) {
            out.tls = Some(Tls::Disabled);
        } else if files || self.tls == Some(true) {
            let mut tls = match out.tls.take() {
                Some(Tls::Enabled(tls)) => tls,
                _ => TlsOptions::default(),
            };
            if let Some(path) = &self.tls_ca_file {
                tls.ca_file_path = Some(path.clone());
            }
            if let Some(path) = &self.tls_certificate_key_file {
                tls.cert_key_file_path = Some(path.clone());
            }
            if let Some(allow) = self.tls_allow_invalid_certificates {
                tls.allow_invalid_certificates = Some(allow);
            }
            out.tls = Some(Tls::Enabled(tls));
        }
    }
}

/// Whatever the driver refuses before it has connected is the caller's configuration.
fn invalid(error: mongodb::error::Error) -> Error {
    match from_driver(error) {
        Error::Connection { message, .. } => Error::Config(message),
        other => other,
    }
}

/// Shows what identifies the deployment, and no secrets.
impl fmt::Debug for MongoOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoOptions")
            .field("hosts", &self.hosts)
            .field("replica_set", &self.replica_set)
            .field("username", &self.username)
            .field("default_database", &self.default_database)
            .field("app_name", &self.app_name)
            .finish_non_exhaustive()
    }
}
