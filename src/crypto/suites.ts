import { assertNever } from '../base/assert.ts'
import type { CryptoSuite, SuiteName } from '../ports.ts'
import { nobleSuite } from './noble-suite.ts'
import { simulatedSuite } from './simulated-suite.ts'
import { sodiumSuite } from './sodium-suite.ts'

/** The suite that a cluster file names. */
export function suiteNamed(name: SuiteName): CryptoSuite {
  switch (name) {
    case 'sodium':
      return sodiumSuite
    case 'noble':
      return nobleSuite
    case 'simulated':
      return simulatedSuite
    default:
      return assertNever(name)
  }
}
