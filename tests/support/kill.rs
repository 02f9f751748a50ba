//! Ends processes at random moments, to show that they never leave half of their work.
//!
//! ```text
//! let mut gun = Gun::new();                                   // prints its seed; NEOFORGE_SEED repeats a run
//! let whole = Gun::undisturbed(command());                    // how long it takes when nobody disturbs it
//! for _ in 0..100 { gun.shoot(command(), Signal::Kill, whole); /* look at what is left */ }
//! ```

use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a process is ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGKILL: it cannot react.
    Kill,
    /// SIGINT, as from Ctrl-C.
    Interrupt,
}

/// Shoots at processes, at moments that a seed decides.
pub(crate) struct Gun {
    state: u64,
}

impl Gun {
    /// Takes the seed from `NEOFORGE_SEED`, else a new one, and prints it.
    #[expect(clippy::print_stdout, reason = "a failed run can be repeated by its seed")]
    pub(crate) fn new() -> Self {
        let given = std::env::var("NEOFORGE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| getrandom::u64().expect("randomness for a seed"));
        println!("NEOFORGE_SEED={seed}");
        Self { state: seed }
    }

    /// A number from 0 to 1 (the generator is splitmix64).
    fn random(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from(mixed >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// Runs the process to its end, which must be a success, and returns how long it took.
    pub(crate) fn undisturbed(mut command: Command) -> Duration {
        let start = Instant::now();
        let output = command.output().expect("the process starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        start.elapsed()
    }

    /// Starts the process and ends it at a random moment within `whole`, a tenth more, so that some come through.
    pub(crate) fn shoot(&mut self, mut command: Command, signal: Signal, whole: Duration) -> ExitStatus {
        let moment = whole.mul_f64(self.random() * 1.1);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the process starts");
        // Not to wait for something: the moment is the very thing that is random.
        thread::sleep(moment);
        match signal {
            Signal::Kill => process.kill().expect("SIGKILL is sent"),
            Signal::Interrupt => {
                // Fails if the process has ended already.
                let _ = Command::new("kill").arg("-INT").arg(process.id().to_string()).stderr(Stdio::null()).status();
            }
        }
        process.wait().expect("the process ends")
    }
}
