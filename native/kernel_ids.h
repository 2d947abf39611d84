// SPDX-License-Identifier: MIT
#pragma once

#include <napi.h>

namespace scxkit {

// Ids of what the kernel holds, whoever loaded it; for CAP_SYS_ADMIN.

// programIds(): number[], of all programs.
Napi::Value ProgramIds(const Napi::CallbackInfo& info);

// structOpsMaps(): number[], of the struct_ops maps, attached or not.
Napi::Value StructOpsMaps(const Napi::CallbackInfo& info);

}  // namespace scxkit
