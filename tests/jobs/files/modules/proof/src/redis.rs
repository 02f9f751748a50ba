use std::{
    fs,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::time::{sleep, timeout};

use crate::random;

/// A Redis server that writes to the disk what it is told before it says that it was told so.
pub struct Redis {
    folder: PathBuf,
    port: u16,
    server: Child,
}

impl Redis {
    pub async fn start(folder: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder)?;
        let port = 20_000 + u16::try_from(random(30_000))?;
        let server = spawn(&folder, port)?;
        let mut redis = Self { folder, port, server };
        redis.wait().await?;
        Ok(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it with SIGKILL, perhaps takes all of its data away, and starts it again after a while.
    pub async fn kill(&mut self, and_wipe: bool) -> anyhow::Result<()> {
        self.server.kill()?;
        self.server.wait()?;
        if and_wipe {
            fs::remove_dir_all(&self.folder)?;
            fs::create_dir_all(&self.folder)?;
        }
        sleep(Duration::from_millis(random(2000))).await;
        self.server = spawn(&self.folder, self.port)?;
        self.wait().await
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let answers = async {
            while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(10), answers).await.context("Redis does not start")?;
        ensure!(self.server.try_wait()?.is_none(), "the port of Redis is taken");
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It fails for a process that has ended, and that is just as well.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn spawn(folder: &PathBuf, port: u16) -> anyhow::Result<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("redis-server cannot be run")
}
