/** Entries of the gallery: shared secrets. */
import { type Group, SMALL_GROUP } from '../../../classics/secrets/shamir.ts'
import { verifiedSharing } from '../../../classics/secrets/verified-sharing.ts'
import type { Judge } from '../judge.ts'
import { withLyingHolders } from '../lying-server.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

const SECRET = 7n

/**
 * Checks that reconstructed secrets are the dealer's, and that each correct holder has reconstructed it at the end.
 */
export function reconstructed(n: number, liars: readonly number[]): Judge<unknown> {
  return ({ outputs, crashed, ending }) => {
    const wrong = outputs.find(({ value }) => value !== SECRET.toString())
    if (wrong !== undefined)
      return `correctness: P${wrong.process} reconstructs ${wrong.value}, not ${SECRET}`
    if (ending === null) return null
    const missing = Array.from({ length: n - 1 }, (_, place) => place + 1).find(
      (id) => !crashed.includes(id) && !liars.includes(id) && !outputs.some(({ process }) => process === id),
    )
    return missing === undefined ? null : `termination: P${missing} has too few right shares`
  }
}

const sharing = (n: number, needed: number, liars: readonly number[], group: Group = SMALL_GROUP) => {
  const coefficients = [SECRET, 3n, 5n, 2n, 9n].slice(0, needed)
  return withLyingHolders(verifiedSharing({ n, group, coefficients }), liars)
}

/** The number of liars among n - 1 holders, of which two suffice. */
const liarsOf = (count: number): readonly number[] => Array.from({ length: count }, (_, place) => place + 1)

const FELDMAN = asynchronousEntry({
  name: 'secret-sharing',
  title: 'Secret sharing by Shamir, with the check of shares by Feldman',
  idea: 'The secret is the value at 0 of a polynomial of degree k − 1, and each holder has its value at one point. Published commitments show which shares are wrong.',
  room: 'secrets',
  file: 'src/classics/secrets/verified-sharing.ts',
  source: 'Shamir, CACM 22(11), 1979; Feldman, FOCS 1987',
  model: 'asynchronous',
  faults: 'lies of holders',
  bound: 'k correct holders; with fewer than k shares nothing is known',
  rounds: '2',
  messages: '(n−1) + (n−1)(n−2)',
  breaks: 'fewer than k correct holders: nobody has the secret',
  sizes: { n: 5, nMin: 4, nMax: 9, faults: 2, faultsMax: (n) => n - 3 },
  inRun: ({ n, faults }) => ({
    setting: { algorithm: sharing(n, 2, liarsOf(faults)) },
    judge: reconstructed(n, liarsOf(faults)),
  }),
  expectedMessages: ({ n }) => n - 1 + (n - 1) * (n - 2),
  explored: {
    bounds: 'three holders, two needed, one shows a wrong share',
    setting: { algorithm: sharing(4, 2, [1]) },
    judge: reconstructed(4, [1]),
    isUnordered: true,
  },
  broken: {
    condition: 'three holders, two needed, two show wrong shares',
    setting: { algorithm: sharing(4, 2, [1, 2]) },
    judge: reconstructed(4, [1, 2]),
    isUnordered: true,
  },
})

export const SECRETS: readonly GalleryEntry[] = [FELDMAN]
