# SPDX-License-Identifier: BSD-3-Clause
# perl's processes: fork, exec, pipes, system, signals, wait statuses.
use strict;
use warnings;
use POSIX qw(:sys_wait_h :signal_h _exit);
use IPC::Open3;
use Socket;
$| = 1;

my @out = `printf 'a\\nb\\n'`;
print "backticks: ", scalar(@out), " $?\n";
print "system: ", system("exit 3;") >> 8, " ", system("sh", "-c", "kill -9 \$\$") & 127, "\n";
no warnings 'exec';
print "missing: ", system({"/no/such"} "x") == -1 ? "$!" : "started", "\n";

pipe(my $r, my $w) or die;
my $pid = fork // die;
if ($pid == 0) {
	close $r;
	print $w "from the child\n";
	close $w;
	_exit(5);
}
close $w;
print "pipe: ", <$r>;
waitpid($pid, 0);
print "status: ", WEXITSTATUS($?), "\n";

open(my $sort, "|-", "sort -n | tr '\\n' ' '") or die;
print $sort "$_\n" for (10, 9, 1, 33);
close $sort;
print "\nclosed: $?\n";
open(my $list, "-|", "sh", "-c", 'echo list $0 $1; exit 2', "x", "y z") or die;
print <$list>;
close $list;
print "closed: ", $? >> 8, "\n";

if (!defined(my $kid = open(my $self, "-|"))) {
	die;
} elsif ($kid == 0) {
	print "forked open\n";
	exit 0;
} else {
	print "read: ", <$self>;
	close $self;
}

my $got = 0;
$SIG{USR1} = sub { $got++ };
kill USR1 => $$;
print "signal: $got\n";
$SIG{CHLD} = sub { $got += 10 };
$pid = fork // die;
if ($pid == 0) { _exit(0) }
waitpid($pid, 0);
print "child signal: $got\n";
$SIG{CHLD} = 'DEFAULT';
$SIG{ALRM} = sub { die "alarm\n" };
eval { alarm 1; select(undef, undef, undef, 5); };
print "alarm: $@";

my @pids = map { my $n = $_; my $p = fork; _exit($n) if $p == 0; $p } 1 .. 8;
my $sum = 0;
while ((my $p = waitpid(-1, 0)) > 0) { $sum += $? >> 8 }
print "children: $sum\n";

my $child = open3(my $in, my $from, undef, "cat");
print $in "through cat\n";
close $in;
print <$from>;
waitpid($child, 0);
socketpair(my $s, my $t, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
$pid = fork // die;
if ($pid == 0) { close $s; my $line = <$t>; syswrite $t, uc $line; _exit(0) }
close $t;
syswrite $s, "socket pair\n";
print <$s>;
waitpid($pid, 0);
exec "sh", "-c", "echo exec; exit 4";
