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
