// Finds the functions of Node-API on Windows. A DLL must name the program that it imports from, but
// the host may be node.exe, electron.exe or a renamed node.exe. So nothing is imported. Each
// function is a jump through a slot, and the slots are filled from the running program when the
// addon is loaded.
//
// A delay-load hook would fill a slot at the first call of a function. But the thunks of GNU's
// dlltool do not preserve the registers of floating-point arguments, so napi_create_double would
// get a wrong number.
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <cstring>
#include <initializer_list>

// Defines NODE_API_NAMES. CMake generates it from the list in node-api-headers.
#include "node_api_names.h"

// Two lists in the same order: the slots, and the names as NUL-terminated texts, with an empty text
// at the end.
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

// The system calls this when it loads the DLL, before any other code of it runs. A slot stays empty
// if the host is too old for its function. Node compares NAPI_VERSION, so the addon never calls
// such a function. Loading fails if the host has no function of Node-API.
extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  // If Node is a library in another program, it has one of these names.
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
