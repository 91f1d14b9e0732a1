// SPDX-License-Identifier: BSD-3-Clause
/* C++: exceptions through frames and threads, threads, containers, streams. */
#include <atomic>
#include <condition_variable>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Loud {
	const char *name;
	explicit Loud(const char *n) : name(n) {}
	~Loud() { std::cout << "destroyed " << name << "\n"; }
};

static int depth(int n)
{
	Loud loud("frame");
	if (n == 0) {
		throw std::runtime_error("from the depth");
	}
	return depth(n - 1) + 1;
}

static Loud global("global");

int main()
{
	try {
		depth(3);
	} catch (const std::exception &e) {
		std::cout << "caught " << e.what() << "\n";
	}
	auto answer = std::async(std::launch::async, []() -> int {
		throw std::out_of_range("in a thread");
	});
	try {
		answer.get();
	} catch (const std::out_of_range &e) {
		std::cout << "caught " << e.what() << "\n";
	}
	std::mutex mutex;
	std::condition_variable ready;
	std::map<int, long> sums;
	std::vector<std::thread> threads;
	for (int i = 0; i < 6; i++) {
		threads.emplace_back([&, i] {
			std::vector<long> v(10000);
			std::iota(v.begin(), v.end(), i);
			long sum = std::accumulate(v.begin(), v.end(), 0L);
			std::lock_guard<std::mutex> lock(mutex);
			sums[i] = sum;
			ready.notify_one();
		});
	}
	{
		std::unique_lock<std::mutex> lock(mutex);
		ready.wait(lock, [&] { return sums.size() == 6; });
	}
	for (auto &t : threads) {
		t.join();
	}
	for (const auto &[i, sum] : sums) {
		std::cout << i << ": " << sum << "\n";
	}
	thread_local std::string local = "thread local";
	std::ostringstream out;
	out << local << " " << 1.5 << " " << std::hex << 255;
	std::cout << out.str() << std::endl;
	int caught = 0;
	for (int i = 0; i < 20000; i++) {
		try {
			if (i % 2) {
				throw i;
			}
			throw std::make_unique<int>(i);
		} catch (int) {
			caught++;
		} catch (const std::unique_ptr<int> &) {
			caught++;
		}
	}
	std::cout << caught << " exceptions\n";
}
