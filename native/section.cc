// SPDX-License-Identifier: MIT
#include "section.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace scxkit {
namespace {

// What the kernel finds by name in a map's value, as btf_get_field_type() of kernel/bpf/btf.c in 6.18 does; of pointers
// the tags of those that it counts.
constexpr std::string_view kStructs[] = {"bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer",   "bpf_wq",
                                         "bpf_task_work", "bpf_list_head",     "bpf_rb_root", "bpf_refcount"};
constexpr std::string_view kTags[] = {"kptr", "kptr_untrusted", "percpu_kptr", "uptr"};

template <size_t Count>
bool IsAmong(const std::string_view (&names)[Count], const char* name) {
  return name != nullptr && std::find(std::begin(names), std::end(names), name) != std::end(names);
}

const btf_type* Resolve(const btf* types, uint32_t id) {
  const int resolved = btf__resolve_type(types, id);
  return resolved < 0 ? nullptr : btf__type_by_id(types, static_cast<uint32_t>(resolved));
}

// Whether a pointer is one that the kernel counts.
bool IsKptr(const btf* types, const btf_type* pointer) {
  const btf_type* target = btf__type_by_id(types, pointer->type);
  return target != nullptr && btf_is_type_tag(target) && IsAmong(kTags, btf__name_by_offset(types, target->name_off));
}

// Whether a section has a variable with something of the kernel's own in it. Like the kernel this looks into arrays and
// structs, and into no union; into each type once, as damaged ones may be within themselves.
bool HoldsKernels(const btf* types, uint32_t section) {
  std::vector<const btf_type*> found;
  std::unordered_set<const btf_type*> seen;
  const auto add = [&](uint32_t id) {
    const btf_type* type = Resolve(types, id);
    if (type != nullptr && seen.insert(type).second) found.push_back(type);
  };
  add(section);
  while (!found.empty()) {
    const btf_type* type = found.back();
    found.pop_back();
    if (btf_is_datasec(type)) {
      for (uint16_t i = 0; i < btf_vlen(type); i++) add(btf_var_secinfos(type)[i].type);
    } else if (btf_is_array(type)) {
      add(btf_array(type)->type);
    } else if (btf_is_ptr(type)) {
      if (IsKptr(types, type)) return true;
    } else if (btf_is_struct(type)) {
      if (IsAmong(kStructs, btf__name_by_offset(types, type->name_off))) return true;
      for (uint16_t i = 0; i < btf_vlen(type); i++) add(btf_members(type)[i].type);
    }
  }
  return false;
}

}  // namespace

void LeaveUnmapped(bpf_object* object) {
  const btf* types = bpf_object__btf(object);
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const uint32_t flags = bpf_map__map_flags(map);
    if (types == nullptr || (flags & BPF_F_MMAPABLE) == 0) continue;
    if (HoldsKernels(types, bpf_map__btf_value_type_id(map)))
      bpf_map__set_map_flags(map, flags & ~static_cast<uint32_t>(BPF_F_MMAPABLE));
  }
}

}  // namespace scxkit
