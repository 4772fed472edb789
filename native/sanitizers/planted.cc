// Deliberate faults. A sanitizer must report each of them, which proves that the build uses it
// (test/sanitizers).
#include <node_api.h>

#include <cstdint>
#include <thread>

namespace {

// Reads the argument at run time, so that the compiler cannot remove the fault.
uint32_t argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  uint32_t number = 0;
  napi_get_cb_info(env, info, &count, &value, nullptr, nullptr);
  napi_get_value_uint32(env, value, &number);
  return number;
}

napi_value result(napi_env env, int64_t number) {
  napi_value value;
  napi_create_int64(env, number, &value);
  return value;
}

// Reads one element past the end of an array of `count`.
napi_value read_past_end(napi_env env, napi_callback_info info) {
  const uint32_t count = argument(env, info);
  const auto* numbers = new int32_t[count]();
  const int64_t found = numbers[count];
  delete[] numbers;
  return result(env, found);
}

napi_value overflow(napi_env env, napi_callback_info info) {
  const auto number = static_cast<int32_t>(argument(env, info));
  return result(env, number + INT32_MAX);
}

// Two threads write to the same variable without a lock.
napi_value race(napi_env env, napi_callback_info info) {
  const uint32_t count = argument(env, info);
  static int64_t total = 0;
  const auto add = [count] {
    for (uint32_t i = 0; i < count; i++) total = total + i;
  };
  std::thread first(add);
  std::thread second(add);
  first.join();
  second.join();
  return result(env, total);
}

}  // namespace

NAPI_MODULE_INIT() {
  const auto set = [&](const char* name, napi_callback call) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  };
  set("readPastEnd", read_past_end);
  set("overflow", overflow);
  set("race", race);
  return exports;
}
