//! A new file in the migrations folder must build the crate anew, because `MIGRATOR` embeds the folder.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
