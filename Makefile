PYTHON ?= python3

.PHONY: demo test check bench sanitize
demo test check bench sanitize:
	@$(PYTHON) tasks.py $@
