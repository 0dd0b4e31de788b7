use std::process::ExitCode;

fn main() -> ExitCode {
    pg_preflight::cli::main()
}
