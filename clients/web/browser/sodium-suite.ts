/** The suite `sodium` in a browser: the same functions, computed by noble instead of native code. */
import { nobleSuite } from '../../../src/crypto/noble-suite.ts'
import type { CryptoSuite } from '../../../src/ports.ts'

export const sodiumSuite: CryptoSuite = { ...nobleSuite, name: 'sodium', checksPerTurn: 256 }
