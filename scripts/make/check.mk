# The checks.  `make check` is what CI runs; each row of scripts/check.py is one.

check-deps:
	$(PYTHON) scripts/check_deps.py

check-docs:
	$(PYTHON) scripts/check_docs.py

check-headers:
	$(PYTHON) scripts/check_headers.py

check-static: style check-deps check-docs check-headers

check check-fast:
	$(PYTHON) scripts/check.py $(if $(filter check-fast,$@),--fast)

style:
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

abi-tests:
	$(PYTHON) tests/abi/run.py --host

bench:
	$(PYTHON) bench/compare.py

# clang-tidy with the checks of .clang-tidy, two files at a time.
LINT_FLAGS := -std=gnu11 -Ulinux -Uunix -ffreestanding -Iinclude \
	-Iarch/x86_64/include -Ibuild/default.x86_64/gen -I.
lint:
	$(MAKE) -s config
	git ls-files 'arch/x86_64/*.c' 'core/*.c' 'drivers/*.c' 'fs/*.c' 'lib/*.c' \
		'linux/*.c' 'loader/*.c' 'net/*.c' | grep -v /tests/ | \
		xargs -P 2 -n 12 sh -c 'clang-tidy --quiet "$$@" -- $(LINT_FLAGS) \
		2>/dev/null' lint
