# The checks.  `make check` is what CI runs; each row of scripts/check.py is one.

check check-fast:
	$(PYTHON) scripts/check.py $(if $(filter check-fast,$@),--fast)

style:
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

abi-tests:
	$(MAKE) -C tests/abi
