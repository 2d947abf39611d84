// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace scxkit {

// Why an ELF file must not be given to libbpf. libbpf trusts what it parses: a symbol that leaves its section makes it
// read out of bounds, a huge .bss makes it hang. Returns an empty string for a file that is safe to open.
std::string CheckElf(const uint8_t* data, size_t size);

// A symbol that the object uses and somebody else has: the kernel, or its configuration.
struct Extern {
  std::string name;
  bool weak = false;
};

// The undefined symbols of a file that CheckElf found safe. libbpf rewrites their part of the BTF at open, and keeps
// what it found to itself.
std::vector<Extern> ReadExterns(const uint8_t* data);

}  // namespace scxkit
