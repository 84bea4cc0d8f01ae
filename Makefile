# SPDX-License-Identifier: Apache-2.0

# The front door. Everything real is in meson.build, tools/ and bench/; each target first installs
# what it needs and lacks (tools/setup/).

.PHONY: build demo demo-s3 check check-long fuzz bench bench-quick bench-s3 bench-weir format clean

build:
	tools/setup/build.sh
	tools/build.sh

demo: build
	tools/setup/demo.sh
	tools/setup/python.sh
	build/venv/bin/python tools/demo.py

bench-s3: build
	tools/setup/s3.sh
	tools/setup/python.sh
	build/venv/bin/python bench/s3.py

demo-s3: build
	tools/setup/s3.sh
	tools/setup/python.sh
	build/venv/bin/python tools/demo_s3.py

check:
	tools/setup/build.sh
	tools/setup/test.sh
	tools/setup/s3.sh
	tools/setup/python.sh
	python3 tools/check.py

check-long:
	tools/setup/build.sh
	tools/setup/test.sh
	tools/setup/s3.sh
	tools/setup/python.sh
	python3 tools/check.py --long

# FUZZ: more words for tools/fuzz.py, as in  make fuzz SECONDS=60 FUZZ="--target stitch=3600"
SECONDS ?= 300
fuzz:
	tools/setup/build.sh
	tools/setup/test.sh
	python3 tools/fuzz.py --seconds $(SECONDS) $(FUZZ)

bench: build
	tools/setup/python.sh bench
	build/venv/bin/python bench/run.py

bench-quick: build
	tools/setup/python.sh bench
	build/venv/bin/python bench/run.py --quick

bench-weir: build
	tools/setup/python.sh bench
	tools/bench_weir.sh

format:
	tools/setup/test.sh
	git ls-files '*.c' '*.cc' '*.h' | xargs clang-format -i

clean:
	rm -rf build
