//! Archives: whatever is unpacked is packed again to the same tree. A case is the content before it is compressed; one that
//! begins with the byte of a zlib header is taken as it is.

#![no_main]

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use libfuzzer_sys::fuzz_target;
use neoforge::archive::{pack, unpack};

const ZLIB: u8 = 0x78;

fuzz_target!(|bytes: &[u8]| {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory can be written");
    let compressed = encoder.finish().expect("memory can be written");
    let archive = if bytes.first() == Some(&ZLIB) { bytes } else { &compressed };
    if let Ok(tree) = unpack(archive) {
        assert_eq!(unpack(&pack(&tree)).expect("what was packed is an archive"), tree);
    }
});
