# Millrace. `make run` and `make test` install what they need, build, and run, also on a new machine.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)
VENV := build/venv
PYTEST := $(VENV)/bin/python -m pytest -q -rs -p no:cacheprovider
# Tests mostly wait, so each core runs two.
PARALLEL ?= -n $(shell expr 2 \* $(JOBS)) --dist loadgroup --durations 25
DATA ?= build/run-data
BRONZE ?= embedded
RUN_FLAGS ?= --rate 200 --duration 60s --trigger 5s
KILLS ?= 100
SECONDS ?= 60
MINUTES ?= 30
HOURS ?= 8
ROUNDS ?= 30

.PHONY: help setup build package wheel run test test-all sanitize tsan lint lint-fast format fuzz bench bench-hour crash chaos chaos-spark soak stack-kafka stack-up stack-down stack-status clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/' | expand -t 16

setup: ## install what is missing (quick when nothing is)
	@scripts/setup.sh

build: setup ## build the program (build/release/millrace) and the dashboard's pages
	@cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/release -j $(JOBS) --target millrace
	@scripts/pages.sh

run: build $(if $(filter kafka,$(BRONZE)),stack-kafka) ## run the whole pipeline with a simulated shop for 60 seconds (BRONZE=kafka: on Kafka)
	build/release/millrace --data $(DATA) $(if $(filter kafka,$(BRONZE)),--bronze kafka://127.0.0.1:$${KAFKA_PORT:-9092}/ecom_clickstream_raw) run $(RUN_FLAGS)

package: build ## create the Debian package build/packages/millrace_VERSION_ARCHITECTURE.deb
	@MILLRACE_SETUP=package scripts/setup.sh
	@cpack --config build/release/CPackConfig.cmake >build/package.log 2>&1 || { cat build/package.log; exit 1; }
	@rm -rf build/packages/_CPack_Packages
	@ls build/packages/*.deb

wheel: build ## make the Python package build/wheels/millrace-VERSION-….whl
	@MILLRACE_SETUP=wheel scripts/setup.sh
	@cmake --preset release -DMILLRACE_PYTHON=ON >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/release -j $(JOBS) --target millrace_package
	@$(VENV)/bin/python scripts/wheel.py >build/wheel.log 2>&1 || { cat build/wheel.log; exit 1; }
	@ls build/wheels/*.whl

test: build ## run the tests that a change needs (under 10 minutes)
	@cmake --build build/release -j $(JOBS) --target millrace_crash millrace_unit_tests
	@MILLRACE_SETUP=test scripts/setup.sh
	@scripts/unit_tests.sh build/release $(JOBS)
	@scripts/npm.sh test
	$(PYTEST) $(PARALLEL) tests -m "not long"

test-all: test package wheel ## run all tests, also the long ones: Spark, Airflow, Kafka's tools, the packages, 100 kills
	@for each in long airflow; do MILLRACE_SETUP=$$each scripts/setup.sh || exit 1; done
	MILLRACE_KILLS=$(KILLS) $(PYTEST) $(PARALLEL) tests -m long

sanitize: setup ## run the unit tests, the Python module's and 10 kills with AddressSanitizer and UndefinedBehaviorSanitizer
	@for each in test long wheel sanitize; do MILLRACE_SETUP=$$each scripts/setup.sh || exit 1; done
	@cmake --preset debug -DMILLRACE_PYTHON=ON >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/debug -j $(JOBS) --target millrace millrace_crash millrace_unit_tests millrace_package
	@scripts/unit_tests.sh build/debug $(JOBS)
	LD_PRELOAD=$$(clang-19 -print-file-name=libclang_rt.asan-$$(uname -m).so) ASAN_OPTIONS=detect_leaks=0 \
		MILLRACE_BUILD=build/debug $(PYTEST) $(filter-out %test_wheel.py %test_examples.py,$(wildcard tests/python/test_*.py))
	MILLRACE_BUILD=build/debug MILLRACE_KILLS=10 $(PYTEST) tests/crash -k random_moments

# Arrow is not instrumented, so ThreadSanitizer does not see the locks that Arrow takes. Only races are
# reported.
tsan: export TSAN_OPTIONS = suppressions=$(CURDIR)/tests/tsan.supp die_after_fork=0 report_mutex_bugs=0
tsan: setup ## run the unit tests and a short pipeline with ThreadSanitizer
	@MILLRACE_SETUP=sanitize scripts/setup.sh
	@cmake --preset tsan >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/tsan -j $(JOBS) --target millrace_unit_tests --target millrace
	build/tsan/millrace_unit_tests --gtest_brief=1
	@rm -rf build/tsan/data
	build/tsan/millrace --data build/tsan/data run --rate 5000 --duration 10s --trigger 200ms --duplicates 1% --invalid 1%
	build/tsan/millrace --data build/tsan/data replay

lint: build ## check formatting, spelling and links, and run static analysis
	@for each in lint wheel; do MILLRACE_SETUP=$$each scripts/setup.sh || exit 1; done
	@scripts/lint.sh

lint-fast: setup ## run the fast part of lint before a commit: no clang-tidy, no checks of the pages
	@MILLRACE_SETUP=lint scripts/setup.sh
	@scripts/lint.sh --fast

format: ## format the sources in place
	@MILLRACE_SETUP=lint scripts/setup.sh
	@clang-format-19 -i $$(git ls-files 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'bench/*.cc' 'python/*.cc')
	@$(VENV)/bin/ruff check --quiet --fix --exit-zero
	@$(VENV)/bin/ruff format --quiet
	@scripts/npm.sh run format --silent

fuzz: setup ## run each fuzz target for SECONDS
	@MILLRACE_SETUP=fuzz scripts/setup.sh
	@cmake --preset fuzz >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/fuzz -j $(JOBS) --target fuzzers
	@scripts/fuzz.sh $(SECONDS)

bench: build wheel ## measure the speed, beside peers in the same run; results in build/bench.json
	@MILLRACE_SETUP=bench scripts/setup.sh
	@cmake --build build/release -j $(JOBS) --target millrace_bench
	$(VENV)/bin/python bench/run.py

bench-hour: build ## run an hour at 1,000 events/s, and measure the number of files and how fast the table opens
	@MILLRACE_SETUP=bench scripts/setup.sh
	$(VENV)/bin/python bench/small_files.py

stack-kafka:
	@MILLRACE_SETUP=kafka scripts/setup.sh
	@python3 -m scripts.stack up kafka

stack-up: ## start Kafka, PostgreSQL, Prometheus and a Spark cluster on this machine, without Docker, under .stack/
	@MILLRACE_SETUP=stack scripts/setup.sh
	@python3 -m scripts.stack up

stack-down: ## stop the stack; its data stays
	@python3 -m scripts.stack down

stack-status: ## show which services run, with their ports and logs
	@python3 -m scripts.stack status

crash: build ## run KILLS=N kills at random moments and at every fail point
	@MILLRACE_SETUP=test scripts/setup.sh
	@cmake --build build/release -j $(JOBS) --target millrace_crash
	MILLRACE_KILLS=$(KILLS) $(PYTEST) tests/crash -s

chaos: build ## run MINUTES=N of kills, pauses, rebalances and full disks on a real broker
	@MILLRACE_SETUP=test scripts/setup.sh
	@cmake --build build/release -j $(JOBS) --target millrace_crash
	MILLRACE_CHAOS_MINUTES=$(MINUTES) $(PYTEST) tests/chaos -s

chaos-spark: build wheel ## run ROUNDS=N kills of executors, workers and drivers of EcomSilverLayer on a Spark cluster
	@MILLRACE_SETUP=test scripts/setup.sh
	@MILLRACE_SETUP=long scripts/setup.sh
	MILLRACE_SPARK_ROUNDS=$(ROUNDS) $(PYTEST) tests/spark -k "killed or take_over" -s

soak: build ## run HOURS=N of a busy shop with kills and restarts; results and a plot in build/soak
	@MILLRACE_SETUP=soak scripts/setup.sh
	$(VENV)/bin/python tests/soak/soak.py --hours $(HOURS)

clean: ## remove the builds (not the data)
	rm -rf build
