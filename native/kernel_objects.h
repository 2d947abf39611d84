// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// What the kernel holds, whoever loaded it, by id; for CAP_SYS_ADMIN.

// structOpsLinks(): number[], the ids of the maps whose struct_ops are attached.
Napi::Value StructOpsLinks(const Napi::CallbackInfo& info);

// pinnedMap(path): number, the id of the map that is pinned there, or of the struct_ops map whose link is.
Napi::Value PinnedMap(const Napi::CallbackInfo& info);

// programById(id): { name: string, type: number, maps: number[], btfId: number, age: bigint }, its bpf_prog_type, ids
// of the maps that it uses and of its types, and the ns since it was loaded.
Napi::Value ProgramById(const Napi::CallbackInfo& info);

// btfById(id): Uint8Array, the raw types.
Napi::Value BtfById(const Napi::CallbackInfo& info);

}  // namespace scxkit
