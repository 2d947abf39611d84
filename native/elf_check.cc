// SPDX-License-Identifier: MIT
#include "elf_check.h"

#include <elf.h>

#include <cstring>
#include <vector>

namespace scxkit {
namespace {

// All sections that become map memory together. The .bss of upstream's scx_layered has 158 MiB.
constexpr uint64_t kMaxAllocated = 512ULL << 20;

std::string Section(size_t index) { return "section " + std::to_string(index); }

std::string CheckHeader(const uint8_t* data, size_t size, Elf64_Ehdr* header) {
  if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG) != 0) return "it is not an ELF file";
  if (size < sizeof(*header)) return "it ends within the ELF header";
  memcpy(header, data, sizeof(*header));
  if (header->e_ident[EI_CLASS] != ELFCLASS64) return "it is a 32-bit ELF file, not an ELF64 one";
  if (header->e_ident[EI_DATA] != ELFDATA2LSB) return "it is a big-endian ELF file, not a little-endian one";
  if (header->e_machine != EM_BPF)
    return "it is an ELF file for machine " + std::to_string(header->e_machine) + ", not for BPF (247)";
  if (header->e_type != ET_REL)
    return "it is not a relocatable object file (ELF type " + std::to_string(header->e_type) + ")";
  if (header->e_shentsize != sizeof(Elf64_Shdr)) return "its section headers have an unknown size";
  // 0 would mean that the count stands in section 0, for files with more than 65,279 sections: no BPF object has them.
  if (header->e_shnum == 0) return "it has no section headers";
  if (header->e_shoff % 8 != 0 || header->e_shoff > size ||
      (size - header->e_shoff) / sizeof(Elf64_Shdr) < header->e_shnum)
    return "its section headers lie outside the file";
  if (header->e_shstrndx >= header->e_shnum) return "its section name table does not exist";
  return "";
}

std::string CheckSection(const std::vector<Elf64_Shdr>& sections, size_t index, size_t size) {
  const Elf64_Shdr& section = sections[index];
  if (section.sh_type == SHT_NULL) return "";
  if (section.sh_type != SHT_NOBITS && (section.sh_offset > size || size - section.sh_offset < section.sh_size))
    return Section(index) + " lies outside the file";
  if (section.sh_type == SHT_NOBITS && section.sh_size > kMaxAllocated) return Section(index) + " is over 512 MiB";
  if (section.sh_link >= sections.size()) return Section(index) + " links to a section that does not exist";
  if (section.sh_flags & SHF_COMPRESSED) return Section(index) + " is compressed";
  switch (section.sh_type) {
    case SHT_STRTAB:
      break;
    case SHT_SYMTAB:
      if (section.sh_entsize != sizeof(Elf64_Sym) || section.sh_size % sizeof(Elf64_Sym) != 0)
        return "its symbol table has an odd size";
      if (sections[section.sh_link].sh_type != SHT_STRTAB) return "its symbol table has no string table";
      break;
    case SHT_REL:
      if (section.sh_entsize != sizeof(Elf64_Rel) || section.sh_size % sizeof(Elf64_Rel) != 0)
        return Section(index) + ", a relocation table, has an odd size";
      if (section.sh_info >= sections.size() || sections[section.sh_link].sh_type != SHT_SYMTAB)
        return Section(index) + ", a relocation table, points nowhere";
      break;
    case SHT_RELA:
      return Section(index) + " holds RELA relocations, which BPF objects don't have";
    default:
      break;
  }
  return "";
}

std::string CheckString(const uint8_t* data, const Elf64_Shdr& table, uint64_t offset) {
  if (offset >= table.sh_size) return "a name lies outside its string table";
  if (memchr(data + table.sh_offset + offset, 0, table.sh_size - offset) == nullptr) return "a name has no end";
  return "";
}

std::string CheckSymbols(const uint8_t* data, const std::vector<Elf64_Shdr>& sections, const Elf64_Shdr& table) {
  for (uint64_t at = 0; at < table.sh_size; at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol{};
    memcpy(&symbol, data + table.sh_offset + at, sizeof(symbol));
    const auto refused = [at](const std::string& why) {
      return "symbol " + std::to_string(at / sizeof(Elf64_Sym)).append(why);
    };
    if (auto why = CheckString(data, sections[table.sh_link], symbol.st_name); !why.empty()) return refused(": " + why);
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE) continue;
    if (symbol.st_shndx >= sections.size()) return refused(" belongs to a section that does not exist");
    const Elf64_Shdr& section = sections[symbol.st_shndx];
    if (symbol.st_value > section.sh_size || section.sh_size - symbol.st_value < symbol.st_size)
      return refused(" leaves its section");
  }
  return "";
}

std::string CheckRelocations(const uint8_t* data, const std::vector<Elf64_Shdr>& sections, size_t index) {
  const Elf64_Shdr& table = sections[index];
  const uint64_t symbols = sections[table.sh_link].sh_size / sizeof(Elf64_Sym);
  for (uint64_t at = 0; at < table.sh_size; at += sizeof(Elf64_Rel)) {
    Elf64_Rel entry;
    memcpy(&entry, data + table.sh_offset + at, sizeof(entry));
    if (ELF64_R_SYM(entry.r_info) >= symbols) return Section(index) + " relocates against a symbol that does not exist";
    if (entry.r_offset >= sections[table.sh_info].sh_size) return Section(index) + " relocates outside its section";
  }
  return "";
}

}  // namespace

std::string CheckElf(const uint8_t* data, size_t size) {
  Elf64_Ehdr header{};
  if (auto why = CheckHeader(data, size, &header); !why.empty()) return why;
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  memcpy(sections.data(), data + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  if (sections[header.e_shstrndx].sh_type != SHT_STRTAB) return "its section name table is no string table";

  uint64_t allocated = 0;
  size_t symbolTables = 0;
  for (size_t i = 0; i < sections.size(); i++) {
    if (auto why = CheckSection(sections, i, size); !why.empty()) return why;
    if (sections[i].sh_type == SHT_SYMTAB) symbolTables++;
    if (sections[i].sh_type != SHT_NULL && (sections[i].sh_flags & SHF_ALLOC)) {
      // Each addend is bounded (by the file's size, or 512 MiB), so the sum can't wrap.
      allocated += sections[i].sh_size;
      if (allocated > kMaxAllocated) return "its sections would allocate more than 512 MiB";
    }
  }
  if (symbolTables != 1) return symbolTables == 0 ? "it has no symbol table" : "it has more than one symbol table";
  for (size_t i = 0; i < sections.size(); i++) {
    std::string why = CheckString(data, sections[header.e_shstrndx], sections[i].sh_name);
    if (why.empty() && sections[i].sh_type == SHT_SYMTAB) why = CheckSymbols(data, sections, sections[i]);
    if (why.empty() && sections[i].sh_type == SHT_REL) why = CheckRelocations(data, sections, i);
    if (!why.empty()) return why;
  }
  return "";
}

std::vector<Extern> ReadExterns(const uint8_t* data) {
  Elf64_Ehdr header{};
  memcpy(&header, data, sizeof(header));
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  memcpy(sections.data(), data + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  std::vector<Extern> found;
  for (const Elf64_Shdr& table : sections) {
    if (table.sh_type != SHT_SYMTAB) continue;
    const auto* names = reinterpret_cast<const char*>(data + sections[table.sh_link].sh_offset);
    for (uint64_t at = 0; at < table.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol{};
      memcpy(&symbol, data + table.sh_offset + at, sizeof(symbol));
      const unsigned char binding = ELF64_ST_BIND(symbol.st_info);
      if (symbol.st_shndx != SHN_UNDEF || (binding != STB_GLOBAL && binding != STB_WEAK)) continue;
      found.push_back({names + symbol.st_name, binding == STB_WEAK});
    }
  }
  return found;
}

}  // namespace scxkit
