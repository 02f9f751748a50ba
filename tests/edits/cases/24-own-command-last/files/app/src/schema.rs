use clap::Parser;
use kernel::{Command, Module, Program};

pub fn module() -> Module {
    Module::new("schema").command::<Schema>()
}

/// Print the version of the schema
#[derive(Parser)]
#[command(name = "schema")]
struct Schema;

impl Command for Schema {
    async fn run(self, _: Program) -> anyhow::Result<()> {
        println!("1");
        Ok(())
    }
}
