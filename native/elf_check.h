// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace scxkit {

// Why an ELF file must not be given to libbpf. libbpf trusts what it parses: a symbol that leaves its section makes it
// read out of bounds, a huge .bss makes it hang. Returns an empty string for a file that is safe to open.
std::string CheckElf(const uint8_t* data, size_t size);

}  // namespace scxkit
