/** Names of system errors. */

import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { systemFailure } from '../../dist-lib/core/failure.js'

/** What Node throws for an error number that libuv has no name for. */
const unknown = (number: number) =>
  Object.assign(new Error(`Unknown system error -${number}`), {
    code: `Unknown system error -${number}`,
    errno: -number,
  })

test('a fault that Node has no name for has the name that C has', () => {
  const { EDQUOT, ENOSPC } = constants.errno
  expect(systemFailure('E_OUTPUT_WRITE', unknown(EDQUOT))).toMatchObject({ code: 'E_VOLUME_FULL', errno: 'EDQUOT' })
  expect(systemFailure('E_OUTPUT_WRITE', { code: 'ENOSPC', errno: -ENOSPC })).toMatchObject({ code: 'E_VOLUME_FULL' })
  expect(systemFailure('E_OUTPUT_WRITE', { code: 'EIO', errno: -constants.errno.EIO })).toMatchObject({
    code: 'E_OUTPUT_WRITE',
    errno: 'EIO',
  })
  expect(systemFailure('E_OUTPUT_WRITE', unknown(9999))).toMatchObject({ code: 'E_OUTPUT_WRITE', errno: 'UNKNOWN' })
})
