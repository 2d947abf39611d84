# SPDX-License-Identifier: MIT
{
  "variables": {
    # Ends the build with a message that names what is missing and how to get it.
    "libbpf_include": "<!(sh native/preflight.sh --cflags-only-I)",
    "libbpf_link": "<!(sh native/preflight.sh --libs)",
  },
  "targets": [
    {
      "target_name": "scxkit",
      "sources": ["<!@(ls native/*.cc)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS_ALL", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["<(libbpf_include)", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++17", "-fexceptions", "-O3"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "libraries": ["<(libbpf_link)"],
    },
  ],
}
