/** Tasks in CommonJS modules, in the forms in which people and compilers write them. */

import { expect, test } from 'vitest'
import { moduleTask } from '../../dist/index.js'
import { describePlaces, testPool } from '../support/pools.js'

const task = (file: string, name?: string, setup?: string) =>
  moduleTask<number, number>(new URL(`../support/tasks/${file}`, import.meta.url), name, setup ? { setup } : {})

describePlaces('a CommonJS task [%s]', (backend) => {
  test.each([
    ['compiled.cjs', 'default', [2, 4]],
    ['compiled.cjs', 'etl', [3, 6]],
    ['assigned.cjs', 'etl', [3, 6]],
    ['function.cjs', 'default', [2, 4]],
    ['function.cjs', 'etl', [3, 6]],
  ])('%s: %s is what the module exports under that name', async (file, name, expected) => {
    expect(await testPool({ backend }).map(task(file, name), [1, 2])).toEqual(expected)
  })

  test('its setup is found in the same way', async () => {
    expect(await testPool({ backend }).map(task('assigned.cjs', 'withShared', 'prepare'), [1, 2])).toEqual([8, 9])
  })

  test.each(['missing', 'call', 'hasOwnProperty'])('a name that it does not export is refused: %s', async (name) => {
    const run = testPool({ backend }).map(task('function.cjs', name), [1])
    await expect(run).rejects.toMatchObject({ code: 'E_TASK_LOAD', received: expect.stringContaining('undefined') })
  })
})
