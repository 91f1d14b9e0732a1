# Builds a project with make -j4, keeps it in git, packs it.
export LC_ALL=C GIT_AUTHOR_DATE='2024-02-29T12:00:00Z' GIT_COMMITTER_DATE='2024-02-29T12:00:00Z'
export GIT_CONFIG_NOSYSTEM=1 HOME=$PWD TZ=UTC
cd project || exit 9
make -j4 check > log 2> errors; echo "make $?"
grep -c '^cc' log; tail -n 5 log; cat errors
make -j4; touch sum.c; make -j4; ./report < words.list | sha256sum; file=report; ls -l $file | cut -c1-10
make -s clean; rm log errors; ls
git init -q -b main . && git config user.name Name && git config user.email name@example.org
git add . && git commit -q -m 'First' && echo more >> words.list && git commit -q -am 'Second'
git log --format='%h %s %ad'; git status --short; git diff --stat HEAD~1; git fsck --strict 2>&1 | tail -n 1
git checkout -q -b other HEAD~1 && echo other > other && git add other && git commit -q -m 'Third' && git merge -q -m 'Merge' main && git log --oneline --graph
git gc -q && git rev-parse HEAD && git archive HEAD | tar tf - | sort
git clone -q . ../clone && (cd ../clone && git log -1 --format=%s && ls)
tar c --sort=name --mtime=@0 --owner=0 --group=0 --mode=644 *.c *.h | gzip -n | sha256sum
tar c *.c | gzip | gunzip | tar x -O | sha256sum
