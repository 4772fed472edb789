// Builds the addon for Windows x64, on Windows or elsewhere. It uses CMake and the g++ of
// MinGW-w64, because MSVC lacks the vector types of native/simd.
import { copyFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { canRun, root, run } from './commands.mjs'

const BUILD = 'build-checks/win32-x64'

/**
 * The C++ compiler. The cross-compiler is the variant with POSIX threads, which std::thread needs.
 */
const compiler = process.env.CXX ?? (process.platform === 'win32' ? 'g++' : 'x86_64-w64-mingw32-g++-posix')

function hasHeaders() {
  try {
    return Boolean(createRequire(import.meta.url).resolve('node-api-headers'))
  } catch {
    return false
  }
}

/**
 * Builds the addon into a folder of the package as noisemill.node, stripped. Throws an Error if a
 * tool is missing or the build fails.
 *
 * @param {string} folder
 */
export function buildWindows(folder = 'prebuilds/win32-x64') {
  if (!canRun('cmake')) throw new Error('it takes CMake, and "cmake" does not run')
  if (!canRun(compiler))
    throw new Error(`it takes g++ of MinGW-w64 (CXX names another), and "${compiler}" does not run`)
  if (!hasHeaders())
    throw new Error('it takes the package node-api-headers, which "npm install node-api-headers" brings')
  // CMake's default on Windows is Visual Studio, whatever the compiler.
  const generator = canRun('ninja') ? 'Ninja' : process.platform === 'win32' ? 'MinGW Makefiles' : 'Unix Makefiles'
  const target = ['-DCMAKE_SYSTEM_NAME=Windows', '-DCMAKE_SYSTEM_PROCESSOR=AMD64', `-DCMAKE_CXX_COMPILER=${compiler}`]
  run('cmake', ['-S', 'native', '-B', BUILD, '--fresh', '-G', generator, ...target])
  run('cmake', ['--build', BUILD, '--parallel'])
  mkdirSync(path.join(root, folder), { recursive: true })
  copyFileSync(path.join(root, BUILD, 'noisemill.node'), path.join(root, folder, 'noisemill.node'))
}
