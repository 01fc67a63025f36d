/** The addresses that a gateway may listen on: beyond loopback, callers must be known and nobody else may read along. */
import { isIP } from 'node:net'
import { OperatorError } from '../../src/base/operator-error.ts'

/** Returns true for an address that only this machine reaches. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** Throws an `OperatorError`, which says how, where a gateway would listen beyond loopback without its guards. */
export function expectGuarded(
  host: string,
  { hasTls, isGuarded }: { readonly hasTls: boolean; readonly isGuarded: boolean },
): void {
  if (isLoopback(host) || (hasTls && isGuarded)) return
  const missing = [
    ...(hasTls ? [] : ['TLS (--tls-cert and --tls-key; "strategos certificate" makes both for trials)']),
    ...(isGuarded
      ? []
      : ['callers that it knows (--tokens, whose file "strategos token add" makes, or --tls-client-ca)']),
  ]
  throw new OperatorError(
    `The gateway listens on ${host}, beyond this machine, only with TLS and with callers that it knows: give it ${missing.join(', and ')}; or listen on 127.0.0.1.`,
  )
}
