/** Limits that are named twice, because one side may not import the other: they are the same. */
import { expect, test } from 'vitest'
import { GATEWAY_LIMITS } from '../../attacks/catalogue/outside/announced-bytes.ts'
import { BYTES_MAX, CONNECTIONS_MAX } from '../../clients/gateway/admission.ts'
import * as wire from '../../src/messages/limits.ts'
import { RECOVERY_DISTANCE } from '../../src/store/recoveries.ts'
import { RESULTS_BYTES_MAX } from '../../src/store/results.ts'
import { CLIENT_WINDOW } from '../../src/store/sessions.ts'

test('the store and the wire agree on the client window, on the bytes of results and on the log window', () => {
  expect(CLIENT_WINDOW).toBe(wire.CLIENT_WINDOW)
  expect(RESULTS_BYTES_MAX).toBe(wire.RESULT_BYTES_MAX)
  expect(RECOVERY_DISTANCE).toBe(wire.LOG_WINDOW)
})

test('the attack on the gateway and the gateway agree on its limits', () => {
  expect(GATEWAY_LIMITS).toEqual({ connections: CONNECTIONS_MAX, bytes: BYTES_MAX })
})
