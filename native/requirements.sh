# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What building and running scxkit takes from the system: how to see that it is there, and what brings it where. Sourced by
# packages.sh (a checkout) and preflight.sh (an install from the registry).

# group | name, with a check_<name> below | what it is for | apt | dnf | pacman | apk
requirements='
addon|compiler|compiling the addon (C++17)|g++|gcc-c++|gcc|g++
addon|make|node-gyp|make|make|make|make
addon|python3|node-gyp|python3|python3|python|python3
addon|pkg_config|finding libbpf|pkg-config|pkgconf-pkg-config|pkgconf|pkgconf
addon|libbpf|loading BPF objects (libbpf 1.4 or newer, with headers)|libbpf-dev|libbpf-devel|libbpf|libbpf-dev
addon|libelf|libbpf|libelf-dev|elfutils-libelf-devel|libelf|elfutils-dev
addon|zlib|libbpf|zlib1g-dev|zlib-devel|zlib|zlib-dev
build|clang|compiling BPF (clang 17 or newer)|clang-19|clang|clang|clang
vm|vng|booting the test kernel (virtme-ng)|virtme-ng|virtme-ng|virtme-ng|virtme-ng
vm|qemu|booting the test kernel|qemu-system-x86|qemu-system-x86-core|qemu-system-x86|qemu-system-x86_64
vm|bash|the guest|bash|bash|bash|bash
vm|udev|the guest|udev|systemd-udev|systemd|eudev
vm|kmod|the modules of the test kernel|kmod|kmod|kmod|kmod
vm|busybox|the initramfs of the guest (static)|busybox-static|busybox|busybox|busybox-static
vm|file|virtme-ng|file|file|file|file
vm|ip|the loopback interface of the guest|iproute2|iproute|iproute2|iproute2
vm|util_linux|the guest (setsid, chrt)|util-linux|util-linux|util-linux|util-linux
vm|bpftool|the tests, which compare with it|bpftool|bpftool|bpf|bpftool
peers|xz|unpacking a kernel source|xz-utils|xz|xz|xz
peers|libcrypto|the bpftool in a kernel source|libssl-dev|openssl-devel|openssl|openssl-dev
interop|java|the Kafka broker that tests write to (Java 17 or newer)|default-jre-headless|java-21-openjdk-headless|jre21-openjdk-headless|openjdk21-jre-headless
interop|maven|fetching that broker|maven|maven|maven|maven
interop|openssl|the certificate of that broker|openssl|openssl|openssl|openssl
interop|protoc|reading the protobuf that tests write|protobuf-compiler|protobuf-compiler|protobuf|protobuf
check|clang_format|make check|clang-format-19|clang-tools-extra|clang|clang-extra-tools
check|clang_tidy|make check|clang-tidy-19|clang-tools-extra|clang|clang-extra-tools
check|cmake|make check and make sanitize|cmake|cmake|cmake|cmake
check|sanitizers|make sanitize|g++|libasan libubsan|gcc|g++
'

# depmod, udevd and others are off an ordinary user's PATH in Debian.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

has() { command -v "$1" >/dev/null 2>&1; }

check_compiler() { has "${CXX:-c++}" || has g++ || has clang++; }
check_make() { has make; }
check_python3() { has python3; }
check_pkg_config() { has pkg-config; }
check_libbpf() { has pkg-config && pkg-config --atleast-version=1.4 libbpf && [ -f "$(pkg-config --variable=includedir libbpf)/bpf/libbpf.h" ]; }
check_libelf() { has pkg-config && pkg-config --exists libelf; }
check_zlib() { has pkg-config && pkg-config --exists zlib; }
check_clang() { [ -n "$(newest_llvm clang)" ]; }
check_vng() { has vng; }
check_qemu() { has qemu-system-x86_64; }
check_bash() { has bash; }
check_udev() { has udevadm && { [ -x /usr/lib/systemd/systemd-udevd ] || [ -x /lib/systemd/systemd-udevd ] || has udevd; }; }
check_kmod() { has depmod && has modprobe; }
check_busybox() { has file && has busybox && file -L "$(command -v busybox)" | grep -q 'static'; }
check_file() { has file; }
check_ip() { has ip; }
check_util_linux() { has setsid && has chrt; }
check_bpftool() { has bpftool; }
check_xz() { has xz; }
check_libcrypto() { has pkg-config && pkg-config --exists libcrypto; }
check_java() { [ "$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')" -ge 17 ] 2>/dev/null; }
check_maven() { has mvn; }
check_openssl() { has openssl; }
check_protoc() { has protoc; }
check_clang_format() { [ -n "$(newest_llvm clang-format)" ]; }
check_clang_tidy() { [ -n "$(newest_llvm clang-tidy)" ]; }
check_cmake() { has cmake; }
check_sanitizers() { has g++ && case $(g++ -print-file-name=libasan.so) in */*) ;; *) false ;; esac; }

# newest_llvm TOOL: its name here, 19 (what we test with) before others; nothing when all are older than 17.
newest_llvm() {
	for llvm_version in 19 20 21 22 23 18 17; do
		has "$1-$llvm_version" && { echo "$1-$llvm_version" && return; }
	done
	llvm_version=$("$1" --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p' | head -n 1)
	[ "${llvm_version:-0}" -lt 17 ] || echo "$1"
}

# missing GROUP…: the table's lines whose check fails.
missing() {
	echo "$requirements" | while IFS='|' read -r group name rest; do
		case " $* " in *" $group "*) "check_$name" || echo "$group|$name|$rest" ;; esac
	done
}

# column N LINES: the packages of the Nth manager (4 apt, 5 dnf, 6 pacman, 7 apk) in one line, each once.
column() {
	echo "$2" | cut -d'|' -f"$1" | tr ' ' '\n' | sort -u | tr '\n' ' ' | sed 's/ *$//'
}

# how_to_get LINES: says on stderr what is missing, what for, and the command for each package manager.
how_to_get() {
	echo "scxkit: missing on this system:" >&2
	echo "$1" | while IFS='|' read -r _ name purpose _; do echo "  $(echo "$name" | tr _ -): for $purpose"; done >&2
	cat >&2 <<-END
		scxkit: to get it, run
		  apt:    ${apt_command:-apt-get install --no-install-recommends} $(column 4 "$1")
		  dnf:    dnf install $(column 5 "$1")
		  pacman: pacman -S --needed $(column 6 "$1")
		  apk:    apk add $(column 7 "$1")
	END
	case $1 in *'|libbpf|'*)
		[ -n "${apt_command:-}" ] || echo "scxkit: Debian 12 has libbpf 1.4 in bookworm-backports: apt-get install -t bookworm-backports libbpf-dev" >&2
		! has pkg-config || ! pkg-config --exists libbpf || echo "scxkit: libbpf here is $(pkg-config --modversion libbpf)" >&2
		;;
	esac
}
