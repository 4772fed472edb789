{
  "target_defaults": {
    "include_dirs": ["native", "native/core"],
    "cflags": ["-O3", "-fno-math-errno", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra", "-pedantic"],
    "cflags_cc!": ["-fno-exceptions"],
    "cflags_cc": ["-std=c++17", "-fexceptions"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off", "-fno-math-errno"]
    }
  },
  "targets": [
    {
      "target_name": "noisemill_core",
      "type": "static_library",
      "cflags": ["-fPIC"],
      "sources": [
        "native/core/etl.cc",
        "native/core/failure.cc",
        "native/core/files.cc",
        "native/core/mix.cc",
        "native/core/noise/gaussian.cc",
        "native/core/noise/kinds.cc",
        "native/core/noise/philox.cc",
        "native/core/noise/xoshiro.cc",
        "native/core/transform.cc",
        "native/core/wav/header.cc",
        "native/core/wav/samples.cc"
      ]
    },
    {
      "target_name": "noisemill",
      "dependencies": ["noisemill_core"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "sources": ["native/addon.cc", "native/batch.cc"]
    }
  ]
}
