// SPDX-License-Identifier: Apache-2.0

//! What bench_decode does, with arrow-rs: reads each file named, which is in memory, as record
//! batches, and prints the nanoseconds per value (leaf values, nulls counted) of the best round.

use std::ffi::c_long;
use std::fs;
use std::hint::black_box;

use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};

extern "C" {
    fn clock() -> c_long;
}

/// Processor time, which other work on the machine does not add to.
fn now_ns() -> f64 {
    // SAFETY: takes nothing, and POSIX has it count a million a second.
    unsafe { clock() as f64 * 1000.0 }
}

const ROUNDS: usize = 15;
const BATCH_ROWS: usize = 4096;

fn main() {
    for path in std::env::args().skip(1) {
        let data = Bytes::from(fs::read(&path).expect("the file"));
        let metadata = ArrowReaderMetadata::load(&data, Default::default()).expect("the footer");
        let values: i64 = metadata
            .metadata()
            .row_groups()
            .iter()
            .flat_map(|group| group.columns())
            .map(|column| column.num_values())
            .sum();
        let mut best = f64::MAX;
        for _ in 0..ROUNDS {
            let begin = now_ns();
            let reader =
                ParquetRecordBatchReaderBuilder::new_with_metadata(data.clone(), metadata.clone())
                    .with_batch_size(BATCH_ROWS)
                    .build()
                    .expect("a reader");
            for batch in reader {
                black_box(batch.expect("a batch"));
            }
            let ns = (now_ns() - begin) / values as f64;
            best = best.min(ns);
        }
        println!("{path} {best:.3}");
    }
}
