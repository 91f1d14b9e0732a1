# The part of shell-script.sh that only bash understands.
list=(zero one 'two two' three); list+=(four); say "${#list[@]}" "${list[2]}" "${list[@]:1:2}" "${!list[*]}"
unset 'list[1]'; printf '<%s>' "${list[@]}"; echo
declare -A map=([red]=1 [green]=2 [blue]=3)
for key in "${!map[@]}"; do echo "$key=${map[$key]}"; done | sort
mapfile -t lines < <(printf '%s\n' x y z); say "${#lines[@]} ${lines[2]}"
diff <(seq 3) <(seq 2 4); say $?
tee >(sort -r > reversed; echo go > turn1) < sorted > /dev/null; read -r go < turn1; cat reversed
cat <<< "here $((1 + 1)) string"
false | true | (exit 3); say "${PIPESTATUS[*]}"
set -o pipefail; false | true; say $?; set +o pipefail
[[ abc123 =~ ^([a-z]+)([0-9]+)$ ]] && say "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
s=Hello; say "${s^^} ${s,,} ${s/l/L} ${s//l/L} ${s:1:3} ${s: -2}"
for ((k = 0; k < 3; k++)); do printf '%d,' $k; done; echo {a..e}{1..2}
shopt -s extglob nullglob globstar
echo tree/@(x|y)*; echo tree/nomatch*; echo tree/**/deep
printf -v text '%s-%03d' id 7; say "$text"; printf '%(%Y)T\n' 0; printf '%q\n' 'a b$'
coproc COP { while read -r l; do echo "co $l"; done; }; echo ping >&"${COP[1]}"; read -r reply <&"${COP[0]}"; say "$reply"
cop=${COP_PID}; eval "exec ${COP[1]}>&-"; wait "$cop"; say $?
(exit 3) & (read -r go < turn2) & wait -n; say "wait -n $?"; echo go > turn2; wait
set -m; (exit 4) & wait %%; say "job control $?"; set +m
sleep 10 & disown; kill $!
trap 'echo "error $?"' ERR; false; trap - ERR; trap 'echo return' RETURN; r() { :; }; r; trap - RETURN
{ read -r -t 0.1 never; say "timeout $(($? > 128))"; } <> turn3
read -r -d : part < <(echo 'a b:c'); read -r -n 2 two < <(echo xyz); say "$part $two"
exec {fd}<numbers; read -r -u $fd one; read -r -u $fd two; say "$one $two"; exec {fd}<&-
command -v sh >/dev/null && say command; type -t say; hash -r; help true >/dev/null && say help
ulimit -Sn 50; ulimit -Hn 60; ulimit -Sn; ulimit -Hn
(ulimit -u 20000; ulimit -u); { time -p true; } 2>&1 | cut -d' ' -f1; say "$SHLVL" | grep -c .
exec 7< <(echo fd seven); cat <&7; [[ -e /dev/fd/7 ]] && say open; exec 7<&-
caller_name() { say "${FUNCNAME[0]} ${#BASH_SOURCE[@]}"; }; caller_name
(exec -a renamed sleep 60 & until grep -q renamed /proc/$!/cmdline; do sleep 0.05; done
	tr '\0' ' ' < /proc/$!/cmdline; echo; kill $!; wait) 2> /dev/null
