# On Windows CMake builds the addon (scripts/build-windows.mjs). node-gyp calls MSVC there, which
# lacks the vector types of native/simd.
{
  "target_defaults": {
    "include_dirs": ["native", "native/core"],
    "cflags": ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra", "-pedantic"],
    "cflags_cc!": ["-fno-exceptions"],
    "cflags_cc": ["-std=c++17", "-fexceptions"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
    }
  },
  "conditions": [
    # One library per instruction set, because compiler flags belong to a target.
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernels_sse2",
          "type": "static_library",
          "cflags": ["-fPIC"],
          "defines": ["NOISEMILL_ISA=sse2"],
          "sources": ["native/simd/kernels.cc"]
        },
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "cflags": ["-fPIC", "-mavx2"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx2"] },
          "defines": ["NOISEMILL_ISA=avx2"],
          "sources": ["native/simd/kernels.cc"]
        },
        {
          "target_name": "kernels_avx512",
          "type": "static_library",
          "cflags": ["-fPIC", "-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mprefer-vector-width=512"],
          "xcode_settings": {
            "OTHER_CPLUSPLUSFLAGS": ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mprefer-vector-width=512"]
          },
          "defines": ["NOISEMILL_ISA=avx512"],
          "sources": ["native/simd/kernels.cc"]
        }
      ]
    }, {
      "targets": [
        {
          "target_name": "kernels_baseline",
          "type": "static_library",
          "cflags": ["-fPIC"],
          "conditions": [
            ["target_arch=='arm64'", { "defines": ["NOISEMILL_ISA=neon"] }, { "defines": ["NOISEMILL_ISA=generic"] }]
          ],
          "sources": ["native/simd/kernels.cc"]
        }
      ]
    }]
  ],
  "targets": [
    {
      "target_name": "noisemill_core",
      "type": "static_library",
      "cflags": ["-fPIC"],
      "sources": ["<!@(node scripts/core-sources.mjs)", "native/simd/dispatch.cc"]
    },
    {
      "target_name": "noisemill",
      "dependencies": ["noisemill_core"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "sources": ["native/addon.cc", "native/batch.cc", "native/crew.cc", "native/kernel_exports.cc", "native/libuv.cc", "native/values.cc"],
      "conditions": [
        ["target_arch=='x64'", {
          "dependencies": ["kernels_sse2", "kernels_avx2", "kernels_avx512"]
        }, {
          "dependencies": ["kernels_baseline"]
        }]
      ]
    }
  ]
}
