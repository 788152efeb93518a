//! How the executable is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A panic aborts, so nothing of the unwinding library is used but a few of its symbols: linked in, they cost
    // less memory and less time at the start than a library that has to be loaded.
    if std::env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") {
        println!("cargo::rustc-link-arg-bins=-static-libgcc");
    }
}
