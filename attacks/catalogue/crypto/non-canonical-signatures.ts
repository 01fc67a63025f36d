import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, noViewChange, refused } from '../../language/expectations.ts'
import { signedWith } from '../../language/mutations.ts'
import { isProtocol } from '../../language/predicates.ts'

/** The order of Ed25519's base point, little-endian. */
const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
const HALF_BYTES = 32

/** S + L: an equation that holds as well, unless S is checked to be below L. */
function malleated(signature: Uint8Array): Uint8Array {
  const other = signature.slice()
  let carry = 0n
  for (let at = 0; at < HALF_BYTES; at++) {
    const sum = BigInt(signature[HALF_BYTES + at] ?? 0) + ((ORDER >> BigInt(8 * at)) & 0xffn) + carry
    other[HALF_BYTES + at] = Number(sum & 0xffn)
    carry = sum >> 8n
  }
  return other
}

/** R is the neutral element, a point of small order. */
function smallOrder(signature: Uint8Array): Uint8Array {
  const other = signature.slice()
  other.fill(0, 0, HALF_BYTES)
  other[0] = 1
  return other
}

const nothing = (signature: Uint8Array): Uint8Array => new Uint8Array(signature.length)

export const nonCanonicalSignatures: Attack = {
  name: 'non-canonical-signatures',
  world: 'simulator',
  targets: ['safety'],
  does: 'uses signatures that some libraries accept and others refuse: malleable, of small order, all zero',
  source: 'Chalkias, Garillot and Nikolaenko, SSR 2020, "Taming the many EdDSAs"',
  expects: 'every replica refuses all of them, so no replica holds a certificate that others refuse',
  mode: 'signed',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onSend(
      isProtocol,
      signedWith((signature, { random }) => random.pick([malleated, smallOrder, nothing])(signature)),
    ),
  judge: all(refused('bad-signature'), noViewChange),
  simulated: { plan: { suite: 'sodium' } },
}
