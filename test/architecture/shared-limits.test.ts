/** The store may not import the wire's limits, so it names three of them again: they are the same. */
import { expect, test } from 'vitest'
import * as wire from '../../src/messages/limits.ts'
import { RECOVERY_DISTANCE } from '../../src/store/recoveries.ts'
import { RESULTS_BYTES_MAX } from '../../src/store/results.ts'
import { CLIENT_WINDOW } from '../../src/store/sessions.ts'

test('the store and the wire agree on the client window, on the bytes of results and on the log window', () => {
  expect(CLIENT_WINDOW).toBe(wire.CLIENT_WINDOW)
  expect(RESULTS_BYTES_MAX).toBe(wire.RESULT_BYTES_MAX)
  expect(RECOVERY_DISTANCE).toBe(wire.LOG_WINDOW)
})
