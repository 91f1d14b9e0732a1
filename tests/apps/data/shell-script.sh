# What a shell does with processes, files and signals; for dash and bash.
# The output is compared with the host's byte for byte.  What runs at the same
# time waits for the other side, never for a time.
LC_ALL=C; export LC_ALL
umask 022
top=$PWD
mkdir work && cd work || exit 9
say() { printf '%s\n' "$*"; }
title() { printf -- '--- %s ---\n' "$1"; }

title 'quotes, parameters and arithmetic'
set -- one 'two words' '' four
say "$#" "$1" "[$2]" "[$3]" "${4}"
for word in "$@"; do printf '<%s>' "$word"; done; echo
shift 2; say "$# left: $*"
unset nothing; say "${nothing:-default}" "${nothing-x}" "${nothing:+set}"
path=/usr/local/lib/libx.so.1
say "${path##*/}" "${path%/*}" "${path%%.*}" "${#path}"
say $((7 * 6)) $((1 << 10)) $((17 % 5)) $((-7 / 2)) $((0x1f ^ 3)) $((5 > 3))
i=0; while [ $i -lt 5 ]; do i=$((i + 1)); printf '%d ' $i; done; echo
IFS=:; set -- $path:b:c; say "$#"; unset IFS

title 'exit statuses'
true; say $?; false; say $?
(exit 42); say $?
sh -c 'exit 7'; say $?
sh -c 'kill -TERM $$'; say $?
{ sh -c 'kill -KILL $$'; } 2>/dev/null; say $?
./missing 2>/dev/null; say $?
: > plain; ./plain 2>/dev/null; say $?
! true; say $?; true && false || say 'or'
true | false; say $?; false | true; say $?
if grep -q x plain; then say found; else say "grep says $?"; fi

title 'pipelines and command substitution'
printf '%s\n' pear apple fig apple cherry fig apple | sort | uniq -c | sort -k1,1nr -k2 | sed 's/^ *//'
say "$(echo one; echo two | tr a-z A-Z)" "`echo back`"
say "nested $(echo $(echo $(echo deep)))"
seq 1 1000 | grep 7 | wc -l
seq 20 | head -n 3 | tail -n 1
yes | head -n 4 | tr '\n' ' '; echo
seq 1 20000 | awk '{ s += $1 } END { print s, NR }'
echo 'a,b;c' | tr ',;' '\n\n' | while read -r letter; do printf '[%s]' "$letter"; done; echo
seq 5 | (read first; read second; echo "$first+$second"; cat) | tr '\n' '.'; echo
x=$(exit 3); say $?

title 'here-documents'
name=world
cat <<END
hello $name $((2 + 3)) $(echo sub) \$name
END
cat <<'END'
literal $name $(echo sub)
END
cat <<-END | sed 's/t/T/'
	tabs are taken away
END
while read -r a b rest; do say "$b-$a ($rest)"; done <<END
1 2 3 4
five six
END

title 'redirections'
echo first > file; echo second >> file; cat < file
ls missing-file 2>&1 | sed 's/.*missing/missing/'
{ echo out; echo err >&2; } 2> errors > output; cat output errors
exec 3> third; echo three >&3; exec 3>&-; cat third
exec 4< file; read -r line <&4; say "got $line"; read -r line <&4; say "got $line"; exec 4<&-
echo lost 2>&1 >/dev/null; (echo x >&5) 2>/dev/null || say 'bad descriptor'
set -C; (echo no > file) 2>/dev/null || say 'noclobber'; set +C
echo truncated 1<> file; cat file
echo redirect | cat - file | cat -n
: > empty; [ -s empty ] || say empty; [ -e empty ] && say exists

title 'globbing and files'
mkdir -p tree/a/b tree/c 'tree/with blank'
touch tree/x1 tree/x2 tree/y1 tree/.hidden tree/a/b/deep 'tree/with blank/f f'
echo tree/*; echo tree/x?; echo tree/[!x]*; echo tree/nomatch*; echo tree/.h*
find tree | sort
find tree -type f -name 'x*' | sort | xargs ls
find tree -type f -print0 | sort -z | xargs -0 -n 2 echo
find tree -type d -empty -exec echo empty {} \;
find tree -name deep -exec sh -c 'echo "${1%/*}"' sh {} \;
seq 1 9 | xargs -n 4 -P 1 echo line
printf 'a b\nc\n' | xargs -I@ echo '<@>'
chmod 640 tree/x1; ls -l tree/x1 | cut -c1-10; stat -c '%a %s %F' tree/x1
ln -s x1 tree/link; readlink tree/link; [ -L tree/link ] && say link
ln tree/x2 tree/hard; stat -c %h tree/x2; [ tree/x2 -ef tree/hard ] && say same
cp -r tree copy; diff -r tree copy && say equal; mv copy/a moved; ls moved
rm -r moved; rmdir copy/c; ls copy | tr '\n' ' '; echo
for f in tree/*; do [ -d "$f" ] && say "folder $f"; done
echo text > perm; chmod 000 perm; stat -c %a perm; rm -f perm

title 'archives and sums'
seq 1 3000 > numbers; tar cf a.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner tree numbers
sha256sum < a.tar; tar tf a.tar | wc -l
gzip -nc < a.tar | sha256sum; gzip -nc numbers | gunzip | cmp - numbers && say 'gzip ok'
mkdir unpack; (cd unpack && tar xf ../a.tar && ls -A tree | tr '\n' ' '); echo
cksum numbers; md5sum numbers; wc numbers; split -l 1000 numbers part; ls part*
sed -n '5p;10,12p;$p' numbers | tr '\n' ' '; echo
sed -e 's/\([0-9]\)\([0-9]\)$/\2\1/' -e '3q' numbers
awk -F: '{ n[$1]++ } END { for (k in n) print k, n[k] | "sort"; close("sort") }' <<END
a:1
b:2
a:3
END
awk 'BEGIN { while (("echo a b; echo c" | getline l) > 0) print "awk", l; print system("exit 3") }'
printf '3\n1\n2\n' | sort -o sorted; seq 3 5 | comm -12 sorted - | tr '\n' ' '; join -t: - <<END /dev/fd/3 3<<END2
k:1
END
k:2
END2
paste -d, - - < third; cat sorted; tee t1 < sorted > t2; cmp t1 t2 && say tee

title 'background jobs'
sleep 0.2 & p=$!; wait $p; say "sleep $?"
(sleep 0.1; exit 5) & wait $!; say "job $?"
mkfifo turn1 turn2 turn3 turn4 turn5
for n in 1 2 3 4; do
	(read -r go < turn$n; echo "job $n"; echo go > turn$((n + 1))) &
done
echo go > turn1; read -r go < turn5; wait; say "all $? $go"
sleep 60 & p=$!; kill $p; wait $p 2>/dev/null; say "killed $?"
sleep 60 & p=$!; kill -s KILL $p; wait $p 2>/dev/null; say "killed $?"
kill -0 $p 2>/dev/null || say gone
(trap 'echo term; exit 6' TERM; echo go > turn1; while :; do sleep 0.05; done) & p=$!
read -r go < turn1; kill -TERM $p; wait $p; say "trapped $?"
sleep 30 & p=$!; kill -STOP $p; kill -CONT $p; kill -HUP $p; wait $p 2>/dev/null; say "hup $?"
wait 99999 2>/dev/null; say "no child $?"
mkfifo pipe; cat pipe & echo 'through a fifo' > pipe; wait
(echo a; sleep 0.1; echo b) | { read -r q; read -r r; say "$q$r"; }
timeout 0.2 sleep 60; say "timeout $?"; { timeout -s KILL 0.2 sleep 60; } 2>/dev/null; say "timeout $?"

title 'traps and signals'
trap 'say "usr1 $?"' USR1; kill -USR1 $$; say after
trap '' USR2; kill -USR2 $$; say ignored; sh -c 'kill -USR2 $$; echo inherited'; trap - USR1 USR2
(trap 'echo bye' EXIT; echo in subshell); (trap 'echo exit $?' 0; exit 4); say $?
sh -c 'trap "echo int; exit 9" INT; kill -INT $$; echo not reached'; say $?
(set -e; false; echo not reached); say "set -e $?"
(set -u; echo "$undefined") 2>/dev/null || say 'set -u'
(sh -c 'trap "echo got pipe >&2" PIPE; while /bin/echo x; s=$?; [ $s = 0 ]; do sleep 0.05; done; exit $s'; say "pipe $?" >&2) 2> piped | :; sed 's/.*: //' piped
sh -c 'trap "echo child" CHLD; (exit 0) & wait $!; wait; :' | sort -u
sh -c 'sleep 0.1 & trap "echo alarm" ALRM; (sleep 0.2; kill -ALRM $$) & wait; echo woken; wait'

title 'subshells, functions and environment'
v=outer; (v=inner; say $v); say $v; { v=group; }; say $v
f() { local v=local; say "$v $#"; return 3; }; f a b; say "$? $v"
fact() { if [ "$1" -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }; fact 8
A=1 B=two sh -c 'echo $A $B'; say "${A-unset}"; env -i X=y env
export E=exported; sh -c 'echo $E; E=changed'; say $E
(cd tree && pwd | sed "s|$top||"); [ "$PWD" = "$top/work" ] && say 'same folder'
eval 'w="a  b"'; say "$w"; case $w in a*b) say matched;; *) say no;; esac
. /dev/stdin <<END
sourced() { echo "sourced \$1"; }
END
sourced file
ulimit -n 64; ulimit -n; ulimit -c 0; ulimit -c; (ulimit -t 5; ulimit -t)
sh -c 'ulimit -f 1; dd if=/dev/zero of=big bs=1024 count=100 2>/dev/null'; say "fsize $?"; stat -c %s big
(umask 077; : > private); stat -c %a private; umask
printf '%5d|%-5s|%05.1f|%x|%o|%c|%b|%%\n' 42 ab 3.14159 255 8 xyz 'a\tb'
getopts ab: o -b val; say "$o $OPTARG"
n=0; while [ $n -lt 60 ]; do n=$((n + 1)); m=$(echo $n); done; say "$n $m"
cat /proc/self/comm; cat /proc/self/cmdline | tr '\0' ' '; echo
ls /proc/self/fd | wc -l; readlink /proc/self/fd/0 < /dev/null
test -t 0 || say 'no terminal'; test -p /dev/stdin; say "in is pipe $?"; echo x | test -p /dev/stdin; say $?
dd if=/dev/zero bs=1k count=300 2>/dev/null | tr '\0' 'x' | wc -c

if [ -n "$BASH_VERSION" ]; then
	title 'bash'
	. "$top/bash-part.sh"
fi
title 'end'
trap 'rm -r "$top/work"; echo cleaned' EXIT
exit 17
