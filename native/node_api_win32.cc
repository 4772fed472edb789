// Where the functions of Node-API come from on Windows. A DLL names the program that it imports from, but the host may be node.exe,
// electron.exe or a node.exe that somebody has renamed. So nothing is imported: each function is a jump through a slot, and the slots are
// filled from whatever program the process runs when the addon is loaded. (A delay-load hook does the same at the first call of each, but
// the thunks of GNU's dlltool do not keep the registers of floating-point arguments through it: napi_create_double would get another
// number.)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <cstring>
#include <initializer_list>

// NODE_API_NAMES, made by CMake from the list that node-api-headers has.
#include "node_api_names.h"

// Two lists of one order: the slots, and the names as texts that end with a NUL, the last with two.
asm(".data\n"
    ".balign 8\n"
    "noisemill_node_api_slots:\n"
    ".irp name, " NODE_API_NAMES "\n"
    "slot_of_\\name: .quad 0\n"
    ".endr\n"
    ".section .rdata,\"dr\"\n"
    "noisemill_node_api_names:\n"
    ".irp name, " NODE_API_NAMES "\n"
    ".asciz \"\\name\"\n"
    ".endr\n"
    ".byte 0\n"
    ".text\n"
    ".irp name, " NODE_API_NAMES "\n"
    ".globl \\name\n"
    "\\name: jmp *slot_of_\\name(%rip)\n"
    ".endr\n");

extern "C" FARPROC noisemill_node_api_slots[];
extern "C" const char noisemill_node_api_names[];

// Called when the DLL is loaded, before anything of it runs. Of functions that the host is too old for the slots stay empty; NAPI_VERSION,
// which Node compares, says that none of those is called. A host without any fails the loading.
extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  // Node can also be built as a library, under either name.
  HMODULE host = GetModuleHandleW(nullptr);
  for (const wchar_t* library : {L"libnode.dll", L"node.dll"}) {
    const HMODULE found = GetModuleHandleW(library);
    if (found != nullptr) host = found;
  }
  FARPROC* slot = noisemill_node_api_slots;
  bool any = false;
  for (const char* name = noisemill_node_api_names; *name != '\0'; name += std::strlen(name) + 1, slot++) {
    *slot = GetProcAddress(host, name);
    any = any || *slot != nullptr;
  }
  return any;
}
