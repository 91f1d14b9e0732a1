# SPDX-License-Identifier: BSD-3-Clause
# ruby's processes: fork, spawn, pipes, popen, signals, wait statuses.
require "open3"
require "socket"
$stdout.sync = true

puts `echo ticks`, $?.exitstatus
p system("exit 3"), $?.exitstatus, system("no-such-program-here")
r, w = IO.pipe
pid = fork do
  r.close
  w.puts "from the child"
  exit! 5
end
w.close
puts r.read
Process.wait pid
p $?.exitstatus
pid = spawn({ "A" => "b" }, "echo $A; echo err >&2", out: w = File.open("out", "w"), err: [:child, :out])
Process.wait pid
w.close
puts File.read("out")
p Process.wait2(fork { Process.kill :TERM, $$; sleep })[1].termsig
out, err, status = Open3.capture3("cat; echo e >&2; exit 2", stdin_data: "data\n")
p out, err, status.exitstatus
IO.popen(["sort", "-r"], "r+") do |io|
  io.puts %w[a c b]
  io.close_write
  p io.read
end
IO.popen("-") { |io| io ? puts("parent got #{io.read}") : print("minus") }
got = []
trap(:USR1) { got << :usr1 }
Process.kill :USR1, $$
sleep 0.01 while got.empty?
p got
pids = (1..6).map { |n| fork { exit! n } }
p pids.sum { |q| Process.wait2(q)[1].exitstatus }
begin
  Process.wait
rescue Errno::ECHILD => e
  puts e.message
end
a, b = UNIXSocket.pair
pid = fork { a.close; b.send_io($stdout); b.puts b.gets.upcase; exit! 0 }
b.close
fd = a.recv_io
fd.sync = true
fd.puts "through a passed descriptor"
a.puts "socket"
puts a.read
Process.wait pid
th = Process.detach(fork { exit! 7 })
p th.value.exitstatus
begin
  Process.setrlimit(:NOFILE, 20)
  list = []
  loop { list << File.open("/dev/null") }
rescue Errno::EMFILE => e
  puts e.class
end
list.each(&:close)
at_exit { puts "at exit" }
p Process.clock_gettime(Process::CLOCK_MONOTONIC) > 0, Process.getpgid(0) > 0
fork { exec "echo", "exec" }
Process.wait
exit 4
