//! Holds what stands in a folder of seeds against the laws of its target.

use std::fs;
use std::path::Path;

pub fn hold(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut seeds = 0;
    for seed in fs::read_dir(folder).unwrap() {
        let path = seed.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds for {target}");
}

macro_rules! targets {
    ($($target:ident $law:path)*) => {$(
        #[test]
        fn $target() {
            $crate::hold::hold(stringify!($target), $law);
        }
    )*};
}
pub(crate) use targets;
