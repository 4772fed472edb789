/** Entries of folders, with names of any bytes. */

import { opendirSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { FolderReader } from '../../dist-lib/files/folder-reader.js'
import { temporaryFolder } from '../support/folders.js'
import { linuxTest } from '../support/systems.js'

const odd = Buffer.from([0x61, 0xff, 0x62])
/** UTF-8, but it has the character that Node puts in place of bytes that are not. */
const replacement = Buffer.from('a\ufffdb')

/** Makes a folder with as many files, and some more with these names, at the start, the end and in the middle. */
function folderOf(files: number, ...others: Buffer[]): string {
  const folder = temporaryFolder()
  const write = (name: Buffer) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), '')
  for (let i = 0; i < files; i++) {
    if (i % 97 === 5) others.splice(0, 1).forEach(write)
    write(Buffer.from(`${i}`))
  }
  others.forEach(write)
  return folder
}

const listed = (folder: string) => readdirSync(folder, { encoding: 'buffer' }).map((name) => name.toString('hex'))

function isFirstOdd(folder: string): boolean {
  const entries = opendirSync(folder)
  try {
    return entries.readSync()?.name.includes('\ufffd') === true
  } finally {
    entries.closeSync()
  }
}

async function read(folder: string): Promise<string[]> {
  const reader = await FolderReader.open(folder)
  const names: string[] = []
  for (let entry = await reader.next(); entry !== null; entry = await reader.next()) {
    expect(entry.isFile()).toBe(true)
    names.push(Buffer.from(entry.name).toString('hex'))
  }
  reader.close()
  return names
}

linuxTest.each([
  ['only UTF-8', []],
  ['one that is not UTF-8', [odd]],
  ['the replacement character', [replacement]],
  ['several of both', [odd, replacement, Buffer.from([0xfe]), Buffer.from([0x80, 0x2e])]],
])('each name is given once, with its bytes: %s (needs Linux)', async (_, names) => {
  for (const count of [0, 1, 255, 256, 600]) {
    const folder = folderOf(count, ...names)
    expect((await read(folder)).sort()).toEqual(listed(folder).sort())
  }
})

linuxTest('an entry that is removed before its folder is opened again is an error (needs Linux)', async () => {
  const folder = folderOf(1, odd)
  for (let i = 1; isFirstOdd(folder); i++) writeFileSync(path.join(folder, `${i}`), '')
  const reader = await FolderReader.open(folder)
  const readAll = async () => {
    for (let entry = await reader.next(); entry !== null; entry = await reader.next())
      if (typeof entry.name === 'string') unlinkSync(path.join(folder, entry.name))
  }
  await expect(readAll()).rejects.toMatchObject({ code: 'ESTALE' })
  reader.close()
})
