# SPDX-License-Identifier: MIT
# Everything here does the set-up it needs by itself; with nothing to do, that takes less than two seconds. What set-up says
# goes to stderr, so that a target's own output can be piped.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

bin := node_modules/.bin
# Where a machine has Node's headers already, node-gyp and cmake-js need not download them.
nodedir = $$(node -p 'path.dirname(path.dirname(process.execPath))' | while read -r prefix; do \
	if [ -f "$$prefix/include/node/node_api.h" ]; then echo "$$prefix"; fi; done)

# make's own quoting stays out of CMD: what the guest's shell gets is what was typed.
override export CMD := $(value CMD)
export KERNEL TIMEOUT CPUS MEMORY ACCEL DURATION ONLY

.PHONY: help
help: ## shows this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) | sort

.PHONY: run
run: build ## runs the simple scheduler for DURATION=8 s, here or in the VM, and asks its socket once
	@exec node --import tsx test/vm/run.ts

.PHONY: vm
vm: build ## runs CMD='…' as root on the test kernel [KERNEL=version|path TIMEOUT=600 CPUS=2 MEMORY=2G ACCEL=kvm|tcg]
	@exec node --import tsx test/vm/boot.ts

# --- build ------------------------------------------------------------------------------------------------------------

.PHONY: build
build: addon bpf typescript build/bench/writer ## builds the addon, the BPF objects, the library, and what the tests need

# All that the goal at hand needs is asked for at once.
groups := addon build
ifneq ($(filter vm test test-vm,$(MAKECMDGOALS)),)
groups += vm
else ifneq ($(filter run,$(MAKECMDGOALS)),)
groups += $(if $(wildcard /sys/kernel/sched_ext),,vm)
endif

.PHONY: packages
packages:
	@sh native/packages.sh $(groups)

# npm writes this file last.
npm := node_modules/.package-lock.json
$(npm): package-lock.json | packages
	@echo 'make: npm ci' >&2
	@npm ci --ignore-scripts --no-audit --no-fund >&2
	@touch $@

.PHONY: addon bpf typescript
addon: build/Release/scxkit.node
build/Release/scxkit.node: binding.gyp $(wildcard native/*.cc native/*.h) $(npm) | packages
	@echo 'make: native/ -> $@' >&2
	@dir=$(nodedir); $(bin)/node-gyp configure build --silent $${dir:+--nodedir="$$dir"} >&2
	@touch $@

bpf_flags := -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Ibpf/include
bpf_headers := $(wildcard bpf/include/*.h bpf/include/*/*.h)
objects := $(patsubst bpf/%.c,dist/schedulers/%.o,$(wildcard bpf/*.bpf.c))
test_objects := $(patsubst test/bpf/%.c,build/test/bpf/%.o,$(wildcard test/bpf/*.bpf.c))
# One source, an object for each of its names.
traps := $(patsubst %,build/test/trap/%.bpf.o,$(shell sed -n 's/^#ifdef TRAP_//p' test/bpf/trap.c))
grown := $(foreach form,struct mapped,$(foreach keys,16 64 256 1024,build/test/grow/$(form)_$(keys).bpf.o))
compile_bpf = echo 'make: $< -> $@' >&2; mkdir -p $(@D); \
	. native/requirements.sh; "$$(newest_llvm clang)" $(bpf_flags) -c $< -o $@

bpf: $(objects) $(test_objects) $(traps) $(grown)
dist/schedulers/%.bpf.o: bpf/%.bpf.c $(bpf_headers) | packages
	@$(compile_bpf)
build/test/bpf/%.bpf.o: test/bpf/%.bpf.c $(bpf_headers) | packages
	@$(compile_bpf)
build/test/trap/%.bpf.o: test/bpf/trap.c $(bpf_headers) | packages
	@$(compile_bpf) -DTRAP_$*
build/test/grow/struct_%.bpf.o: test/bpf/grow.c $(bpf_headers) | packages
	@$(compile_bpf) -DKEYS=$*
build/test/grow/mapped_%.bpf.o: test/bpf/grow.c $(bpf_headers) | packages
	@$(compile_bpf) -DKEYS=$* -DMAPPED

# A few files instead of some 200, dependencies and all, but for the optional peers: a command starts in a third of the time on an
# emulated machine, and sooner on any other. What library and command share is there once: an error of ours is one class.
bundle = $(bin)/esbuild src/index.ts src/cli/main.ts $(wildcard src/schedulers/*.ts) --bundle --splitting --format=esm \
	--platform=node --target=node20.19 --sourcemap --sources-content=false --log-level=warning --outbase=src --outdir=dist \
	--chunk-names=chunk/[name]-[hash] $$(node -p "Object.keys(require('./package.json').peerDependencies ?? {}) \
	.map((name) => '--external:' + name).join(' ')") \
	--banner:js='import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);'

# The folders are among the sources, so that a file that went away counts as a change; then its output, older than the
# rest, goes too.
typescript: build/typescript
build/typescript: package.json tsconfig.json $(shell find src) $(npm)
	@echo 'make: src/ -> dist/' >&2
	@mkdir -p build dist && touch $@.started
	@$(bin)/tsc --emitDeclarationOnly >&2
	@$(bundle) >&2
	@find dist -type f ! -name '*.bpf.o' ! -newer $@.started -exec rm {} +
	@chmod +x dist/cli/main.js
	@mv $@.started $@

# What scxkit gen makes of our own objects is checked in, so that the library can be built without them.
generate = { echo '// SPDX-License-Identifier: MIT' && node dist/cli/main.js gen $(1); } >build/gen.ts && mv build/gen.ts $(2)

.PHONY: gen
gen: build ## writes the TypeScript of our own objects again, after a change to their globals, maps or statistics
	@mkdir -p src/schedulers test/golden/gen
	@for object in $(objects); do name=$$(basename $$object .bpf.o); \
		$(call generate,$$object --path ../../$$object --import ../index.js,src/schedulers/$$name.ts) || exit; done
	@$(call generate,build/test/bpf/count.bpf.o --import ../../../src/index.js,test/golden/gen/count.ts)

# --- test -------------------------------------------------------------------------------------------------------------

results := build/test/results
vitest = SCXKIT_RESULT=$(results)/$(1).json node node_modules/vitest/vitest.mjs run --config test/vitest.config.ts \
	--project $(1) --reporter=default --reporter=./test/reporter.ts
rounds := node --import tsx test/vm/rounds.ts $(results)
summary := node --import tsx test/summary.ts $(results)

# Whether BPF programs can be loaded on this machine, by this user.
host_bpf = [ "$$(id -u)" = 0 ] && PATH=$$PATH:/usr/sbin bpftool prog show >/dev/null 2>&1

SMOKE ?= 6.16 newest
.PHONY: test
test: build ## runs all tests: unit, interop, native (root; else in the VM), VM whole on KERNEL=6.18, briefly on SMOKE='6.16 newest'
	@rm -rf $(results) && mkdir -p $(results)
	@$(call vitest,unit) || true
	@sh native/packages.sh interop || echo 'make: the interop tests that need those are skipped' >&2
	@$(call vitest,interop) || true
	@native=; \
	if $(host_bpf); then $(call vitest,native) || true; else \
		echo 'make: the native tests need root and BPF, and run in the VM' >&2; native=--native; fi; \
	$(rounds) $$native --vm=$(or $(KERNEL),6.18) $(addprefix --smoke=,$(SMOKE)) || true
	@$(summary) unit interop native vm $(if $(SMOKE),smoke)

KERNELS ?= 6.16 6.18 newest
.PHONY: test-vm
test-vm: build ## runs all VM tests on each of KERNELS='6.16 6.18 newest' (versions or paths) [TIMEOUT=2400 each half]
	@rm -rf $(results) && mkdir -p $(results)
	@$(rounds) $(addprefix --vm=,$(KERNELS)) || true
	@$(summary) vm

.PHONY: peers
peers: build ## compares scxkit with the loaders of the kernel tree's own schedulers on KERNELS [FOLDERS='of NAME.bpf.o and its loader NAME']
	@sh native/packages.sh vm peers
	@KERNELS='$(KERNELS)' FOLDERS='$(FOLDERS)' node --import tsx test/peers/peers.ts

# --- check ------------------------------------------------------------------------------------------------------------

cxx := $(wildcard native/*.cc native/*.h)
bpf_c := $(wildcard bpf/*.c test/bpf/*.c test/bench/*.c) $(bpf_headers)

.PHONY: check check-packages check-script check-types check-cxx check-bpf
check: check-script check-types check-cxx check-bpf ## format, lint and types, of TypeScript, C++ and BPF C (-k: all findings)
check-packages:
	@sh native/packages.sh check
check-script: $(npm)
	$(bin)/biome ci --error-on-warnings .
check-types: $(npm)
	$(bin)/tsc --noEmit
	$(bin)/tsc --noEmit -p test/tsconfig.json
check-cxx: build/cmake/compile_commands.json | check-packages
	@. native/requirements.sh; $$(newest_llvm clang-format) --dry-run -Werror $(cxx)
	@. native/requirements.sh; $$(newest_llvm clang-tidy) --quiet --warnings-as-errors='*' -p build/cmake $(filter %.cc,$(cxx))
check-bpf: bpf | check-packages
	@. native/requirements.sh; $$(newest_llvm clang-format) --style=file:bpf/.clang-format --dry-run -Werror $(bpf_c)

build/cmake/compile_commands.json: native/CMakeLists.txt $(wildcard native/*.cc) $(npm) | packages check-packages
	@dir=$(nodedir); npm_config_nodedir="$$dir" $(bin)/cmake-js configure -d native -O build/cmake \
		--CDCMAKE_EXPORT_COMPILE_COMMANDS=ON >&2
	@touch $@

# --- sanitizers and benches -------------------------------------------------------------------------------------------

sanitized := build/sanitize/Release/scxkit.node
$(sanitized): native/CMakeLists.txt $(wildcard native/*.cc native/*.h) $(npm) | packages check-packages
	@echo 'make: native/ -> $@' >&2
	@dir=$(nodedir); npm_config_nodedir="$$dir" $(bin)/cmake-js compile -d native -O build/sanitize --CDSANITIZE=ON --silent >&2
	@touch $@

# Node itself is not free of leaks at its end, so only errors count. The preloaded library must be the compiler's own.
sanitize_run = LD_PRELOAD=$$(g++ -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
	SCXKIT_ADDON=$(CURDIR)/$(sanitized) node node_modules/vitest/vitest.mjs run --config test/vitest.config.ts \
	--project native --project unit test/native test/unit/bpf

.PHONY: sanitize
sanitize: build $(sanitized) ## runs the native tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@nm -D $(sanitized) | grep -q __asan_init || { echo 'make: $(sanitized) is not instrumented' >&2; exit 1; }
	@if $(host_bpf); then $(sanitize_run); else sh native/packages.sh vm && node --import tsx test/vm/boot.ts '$(sanitize_run)'; fi

COUNT ?= 100000
LINES ?= 1000000
.PHONY: fuzz
fuzz: build ## opens COUNT=100000 damaged copies of each object, sends LINES=1000000 damaged requests to the socket: no crash, hang or wrong reply
	@node --import tsx test/interop/fuzz.ts $(LINES)
	@printf '%s\n' $(objects) $(test_objects) | xargs -P "$$(nproc)" -I{} sh -c 'counts=$$(timeout 3600 node --import tsx \
		test/native/damage.ts {} $(COUNT)) || { echo "make: {} failed" >&2; exit 255; }; echo "{}: $$counts"'

bench_programs := $(patsubst test/%.c,build/%,$(wildcard test/bench/*.c))
build/bench/%: test/bench/%.c | packages
	@mkdir -p $(@D)
	@$${CC:-cc} -O3 -Wall -Wextra -Werror -Wno-sign-compare $< -o $@ $$(pkg-config --cflags --libs libbpf) -pthread

.PHONY: bench
bench: build $(bench_programs) ## measures against others in the same run, into test/bench/results.md [ONLY='group…']
	@node --import tsx test/bench/bench.ts

.PHONY: clean
clean: ## removes what was built (downloads and kernels stay in the user's cache)
	rm -rf build dist
