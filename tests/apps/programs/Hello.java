// SPDX-License-Identifier: BSD-3-Clause
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** Java: threads, monitors, garbage, null checks by signal, files. */
public class Hello {
	private static int shared;

	private static synchronized void increment() {
		shared++;
	}

	private static String nothing(int i) {
		return i % 2 == 0 ? null : "text";
	}

	public static void main(String[] arguments) throws Exception {
		System.out.println("arguments: "
				   + String.join(" ", arguments));
		Thread[] threads = new Thread[6];
		AtomicLong sum = new AtomicLong();
		for (int t = 0; t < threads.length; t++) {
			int number = t;
			threads[t] = new Thread(() -> {
				for (int i = 0; i < 10000; i++) {
					increment();
					sum.addAndGet(number);
				}
			});
			threads[t].start();
		}
		for (Thread thread : threads) {
			thread.join();
		}
		System.out.println(shared + " " + sum.get());

		ExecutorService pool = Executors.newFixedThreadPool(4);
		List<Future<Integer>> results = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			int n = i;
			results.add(pool.submit(() -> n * n));
		}
		int total = 0;
		for (Future<Integer> result : results) {
			total += result.get();
		}
		pool.shutdown();
		System.out.println("squares: " + total);

		int caught = 0;
		for (int i = 0; i < 20000; i++) {
			try {
				caught += nothing(i).length() / 100;
			} catch (NullPointerException e) {
				caught++;
			}
		}
		System.out.println("null pointers: " + caught);

		long garbage = 0;
		for (int i = 0; i < 2000; i++) {
			byte[] block = new byte[100000];
			garbage += block.length;
		}
		System.out.println("garbage: " + garbage);
		System.out.print(Files.readString(Path.of("input")));
		System.exit(6);
	}
}
