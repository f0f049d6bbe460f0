# `make course` and `make test` are all that a newcomer needs: both set up .venv first, if it is missing or stale. It gets what learners
# need (locks/learner.txt); the first target that needs more, as `make test` does, adds the rest (locks/course.txt).
# Windows and conda: the same steps in plain commands stand in the README.

# What somebody has set for Python, pip and uv elsewhere must not reach what is set up here.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS PYTHONINSPECT PYTHONSAFEPATH VIRTUAL_ENV CONDA_PREFIX
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV PIP_NO_BINARY PIP_REQUIREMENT PIP_CONSTRAINT PIP_NO_DEPS PIP_NO_COMPILE
unexport UV_PYTHON UV_SYSTEM_PYTHON UV_BREAK_SYSTEM_PACKAGES UV_PRERELEASE UV_RESOLUTION UV_CONSTRAINT UV_OVERRIDE UV_NO_BINARY UV_PROJECT_ENVIRONMENT
export PYTHONNOUSERSITE := 1
# Where Python writes no bytecode, as in many containers, each kernel and command would compile Keras again.
export UV_COMPILE_BYTECODE := 1

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPLETE := $(VENV)/.complete
# Those that the course takes, without commas: 3.11 3.12 3.13.
PYTHONS := $(shell sed -n 's/^. For Python \(.*\)\.$$/\1/p' locks/course.txt | tr -d ,)
# What the lessons and the tests see: drawn faces, whatever else lies on this machine.
DRAWN := FER_COURSE_DATA=drawn
QUIET := TF_CPP_MIN_LOG_LEVEL=2
# Where Python writes no bytecode, each process that a test starts would compile the package again, and each worker all tests.
COMPILED := PYTHONDONTWRITEBYTECODE=
# Notebooks run in this environment's kernel, without anybody's start-up files.
KERNELS := IPYTHONDIR=$(CURDIR)/build/ipython JUPYTER_PREFER_ENV_PATH=1

# What several notebooks train is trained once; nothing is kept from one call to the next.
TRAINED := $(CURDIR)/build/trained

.PHONY: help setup setup-all course test test-units test-notebooks test-more test-again test-all test-pythons colab-check torture fuzz lab book bundle lessons results publish lock audit lint clean

help:
	@echo "make course    run every lesson, write runs/<stamp>/ and print a table"
	@echo "make test      run the tests (make test-all: also what is slow or needs a browser)"
	@echo "make test-pythons  run the unit tests on each Python that the course takes, as far as it is here"
	@echo "make colab-check  run the lessons on Python 3.13 with Colab's versions"
	@echo "make lab       open JupyterLab on lesson 00, in your own copies of the lessons"
	@echo "make setup-all  add what the teachers' commands, the tests and the book need to .venv"
	@echo "make book      build the course as a site to read without a network: book/_build/html"
	@echo "make lessons   build lessons/ from solutions/     make lock   renew the locked versions"
	@echo "make results DATA=PATH  train, measure and write all that is recorded (days); ONLY=\"STEP …\" SEEDS=\"0 1\""
	@echo "make publish REPOSITORY=https://github.com/NAME/REPOSITORY  links to it in lessons, README and book"
	@echo "make torture, make fuzz  kill what writes, and damage what is read, for hours"
	@echo "make audit     known weaknesses of what is locked (needs the internet), and licences: docs/licences.md"
	@echo "make lint      check style                        make clean  remove .venv and what was built"

# A virtual environment that was moved, or whose Python is gone, does not start: it is built again.
BROKEN := $(if $(shell $(BIN)/python -c "print(1)" 2>/dev/null),,broken)
INSTALL := $(BIN)/uv pip install -q --python $(BIN)/python
# What is locked is installed as wheels with the locked hashes: nothing that is downloaded runs code while it is installed.
LOCKED := --no-build --require-hashes

setup: $(BROKEN) $(READY)

setup-all: setup $(COMPLETE)

.PHONY: broken
broken:
	@rm -f $(READY) $(COMPLETE)

# TensorFlow's C++ headers and the bytecode of other packages' own tests: 350 MB that nothing here uses.
UNUSED = $(VENV)/lib/python3.*/site-packages/tensorflow/include \
	$$(find $(VENV)/lib -path "*/tests/*" -name __pycache__ -prune)

$(READY): locks/learner.txt locks/setup.txt pyproject.toml $(BROKEN)
	@set -e; python=$$(sh locks/python.sh $(PYTHON)); \
	echo "Setting up $(VENV) with $$($$python --version): once, a few minutes with a slow connection."; \
	"$$python" -m venv --clear $(VENV); \
	$(BIN)/python -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes -r locks/setup.txt; \
	$(INSTALL) $(LOCKED) -r locks/learner.txt; \
	rm -rf $(UNUSED); \
	$(INSTALL) --no-deps --no-build-isolation -e .; \
	touch $(READY)

# Killed in between, it leaves no .ready, since uv does not mend a package that it wrote half: all is built again.
$(COMPLETE): $(READY) locks/course.txt
	@echo "Adding what tests, book and teachers need to $(VENV): once, a minute or two with a slow connection."
	@rm $(READY); $(INSTALL) $(LOCKED) -r locks/course.txt; status=$$?; touch $(READY); \
	test $$status = 0 && touch $(COMPLETE)

course: setup
	@$(QUIET) $(BIN)/fer-course run

test: setup-all test-units test-notebooks

test-units: setup-all
	$(DRAWN) $(QUIET) $(COMPILED) $(BIN)/python -m pytest tests -q -n 2 --dist worksteal -p no:nbval -m "not slow and not browser and not real"

test-notebooks: setup-all
	rm -rf $(TRAINED)
	$(DRAWN) $(QUIET) $(KERNELS) FER_COURSE_SHARED_RUNS=$(TRAINED) $(BIN)/python -m pytest -q -n 2 --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=600 solutions

# What is slow, needs Chromium, another Python or real faces (FER_COURSE_DATA); says what it skipped and why.
test-more: setup-all
	$(QUIET) $(COMPILED) $(BIN)/python -m pytest tests -p no:nbval -m "slow or browser or real" --durations=15

test-all: test test-more

# The tests that a file names, one a line: what has failed, tried once more.
test-again: setup-all
	$(QUIET) $(COMPILED) $(BIN)/python -m pytest @$(TESTS) -p no:nbval


# The unit tests on the other Pythons that the course takes, each in an environment of its own.
test-pythons: setup-all
	@for version in $(PYTHONS); do \
		if $(BIN)/python -c "import sys; sys.exit(sys.version_info[:2] != tuple(map(int, '$$version'.split('.'))))"; then continue; fi; \
		python=; for candidate in python$$version "$$HOME"/.pyenv/versions/$$version*/bin/python$$version; do \
			if "$$candidate" -c "" >/dev/null 2>&1; then python=$$candidate; fi; done; \
		if [ -z "$$python" ]; then echo "There is no Python $$version here: skipped."; continue; fi; \
		$(MAKE) --no-print-directory test-units VENV=.venv-$$version PYTHON="$$python" || exit 1; \
	done

# The lessons on Python 3.13 with the versions that Colab publishes (locks/colab.in). Colab's own page can't be checked here.
COLAB := .venv-colab/bin

$(COLAB)/.ready: locks/colab.txt
	@set -e; python=; \
	for candidate in $(PYTHON) python3.13 "$$HOME"/.pyenv/versions/3.13*/bin/python3.13; do \
		if "$$candidate" -c "import sys; sys.exit(sys.version_info[:2] != (3, 13))" >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Colab has Python 3.13, which is not here. Install it, or name it: make colab-check PYTHON=/path" >&2; exit 1; fi; \
	$(BIN)/uv venv -q --clear --python "$$python" .venv-colab; \
	$(BIN)/uv pip install -q --python $(COLAB)/python $(LOCKED) -r locks/colab.txt; \
	touch $(COLAB)/.ready

# As on Colab: the package itself from a wheel, without what it depends on.
colab-check: setup $(COLAB)/.ready
	@rm -rf build/colab && $(BIN)/uv build -q --wheel --no-build-isolation --python $(BIN)/python -o build/colab .
	$(BIN)/uv pip install -q --python $(COLAB)/python --no-deps --reinstall-package fer_course build/colab/*.whl
	$(DRAWN) $(QUIET) $(KERNELS) $(COLAB)/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile \
		--nbval-lax --nbval-current-env --nbval-cell-timeout=1200 solutions

# Kills everything that writes, fifty times each (hours); fuzzes every reader, ten minutes each (hours; Linux).
torture: setup-all
	FER_COURSE_KILLS=50 $(DRAWN) $(QUIET) $(BIN)/python -m pytest tests/machines/test_torture.py -s

fuzz: setup-all
	$(BIN)/python tests/helpers/fuzz_readers.py --seconds 600

lab: setup
	@$(BIN)/fer-course start my-lessons
	$(BIN)/jupyter lab my-lessons/00-start-here.ipynb

# Executed on drawn faces; what has not changed is kept, so that the next time takes seconds.
book: setup-all
	@$(DRAWN) $(QUIET) $(BIN)/python -m book

# Wheels, lessons and drawn faces in one archive for a room without the internet: make bundle [FOR="--platform win_amd64"]
bundle: setup
	$(BIN)/python -m offline.build $(FOR)

lessons: setup-all
	$(BIN)/fer-course release

# All records, the shipped network and the pages that quote them, on real faces: docs/developers/results.md.
results: setup-all
	@$(QUIET) $(COMPILED) $(BIN)/python benchmarks/results.py --data "$(DATA)" $(if $(ONLY),--only $(ONLY)) $(if $(SEEDS),--seeds $(SEEDS))

# The public address of this repository, in lessons, README and book: make publish REPOSITORY=https://github.com/NAME/REPOSITORY
publish: setup-all
	@$(BIN)/python -m book.publish "$(REPOSITORY)" $(if $(FIRST),--first)

lock:
	@test -x $(BIN)/uv || $(MAKE) --no-print-directory setup
	$(BIN)/python -m locks.compile $(UPGRADE)

# All that anybody installs; locks/learner.txt and binder/requirements.txt are parts of course.txt.
LOCKS := locks/course.txt locks/colab.txt locks/hub.txt locks/setup.txt

# pip-audit asks a public data base; what it could not look up it says.
audit: setup-all
	@mkdir -p build; $(BIN)/pip-licenses > build/licences.txt && $(BIN)/python locks/licences.py build/licences.txt
	@status=0; for lock in $(LOCKS); do \
		echo "$$lock:"; $(BIN)/pip-audit --disable-pip --require-hashes -r $$lock || status=1; \
	done; exit $$status

lint: setup-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

clean:
	rm -rf .venv .venv-colab .venv-3.* .python build dist book/_build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
