# SPDX-License-Identifier: MIT
# make's own quoting stays out of CMD: what the guest's shell gets is what was typed.
override export CMD := $(value CMD)
export KERNEL TIMEOUT CPUS MEMORY ACCEL

vm: ## runs CMD as root on the test kernel: make vm CMD='…' [KERNEL=version|path] [TIMEOUT=600] [CPUS=2] [MEMORY=2G]
	@exec node --import tsx test/vm/boot.ts

.PHONY: vm
