// SPDX-License-Identifier: BSD-3-Clause
//! Rust: threads, channels, collections, unwinding, files.
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, panic, process, thread};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    println!("arguments: {arguments:?}");

    let (sender, receiver) = mpsc::channel();
    for i in 0..8u64 {
        let sender = sender.clone();
        thread::spawn(move || {
            let sum: u64 = (0..10000).map(|n| n * i % 7).sum();
            sender.send((i, sum)).unwrap();
        });
    }
    drop(sender);
    let sums: BTreeMap<u64, u64> = receiver.iter().collect();
    println!("{sums:?}");

    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let other = Arc::clone(&pair);
    let worker = thread::spawn(move || {
        for _ in 0..1000 {
            *other.0.lock().unwrap() += 1;
            other.1.notify_one();
        }
    });
    let mut count = pair.0.lock().unwrap();
    while *count < 1000 {
        count = pair.1.wait(count).unwrap();
    }
    println!("counted {}", *count);
    drop(count);
    worker.join().unwrap();

    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(|| {
        let empty: Vec<i32> = Vec::new();
        empty[env::args().count()]
    });
    println!("caught: {}", result.is_err());
    let joined = thread::spawn(|| -> i32 { panic!("in a thread") }).join();
    println!("thread panicked: {}", joined.is_err());

    println!("{:?}", fs::read_to_string("input"));
    println!("{}", fs::read_to_string("missing").unwrap_err());

    let start = Instant::now();
    thread::sleep(Duration::from_millis(20));
    println!("slept: {}", start.elapsed() >= Duration::from_millis(20));
    std::io::stdout().flush().unwrap();
    process::exit(5);
}
