/** The store may not import the wire's limits, so it names two of them again: they are the same. */
import { expect, test } from 'vitest'
import * as wire from '../../src/messages/limits.ts'
import { RESULTS_BYTES_MAX } from '../../src/store/results.ts'
import { CLIENT_WINDOW } from '../../src/store/sessions.ts'

test('the store and the wire agree on the client window and on the bytes of results', () => {
  expect(CLIENT_WINDOW).toBe(wire.CLIENT_WINDOW)
  expect(RESULTS_BYTES_MAX).toBe(wire.RESULT_BYTES_MAX)
})
