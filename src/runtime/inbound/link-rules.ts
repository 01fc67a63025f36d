/** The rules of which message may come over which link, by its kind alone. */
import type { Peer } from '../../base/peer.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { factsOf } from '../../messages/kinds.ts'
import type { Message, MessageWith } from '../../messages/message.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'

/** Returns the fault of a message whose kind this link does not carry in this mode; null where it does. */
export function linkFault(message: Message, from: Peer, mode: AuthenticationMode): Rejection | null {
  const { author, vouched, mode: ofMode } = factsOf(message.kind)
  if (from.kind === 'client' && author !== 'client') return rejection('kind-not-for-this-link')
  if (ofMode !== 'both' && ofMode !== mode) return modeFault(message, mode)
  if ('sender' in message) {
    // Nobody passes on a MAC that only its receiver can check, so it is taken from its author alone. @rule 4.8
    const needsOwnLink = vouched !== 'author' || mode === 'oral'
    return needsOwnLink && from.id !== message.sender ? rejection('sender-is-not-the-link') : null
  }
  if (message.kind !== 'request') return from.kind === 'client' ? null : rejection('kind-not-for-this-link')
  const isForeign = from.kind === 'client' && from.id !== message.client
  return isForeign ? rejection('sender-is-not-the-link') : null
}

const modeFault = ({ kind }: Message, mode: AuthenticationMode): Rejection =>
  mode === 'oral'
    ? rejection('needs-signatures', `${kind} shows what others signed`)
    : rejection('kind-not-for-this-link', `${kind} says without signatures what is signed here`)

/** Accepts what its link vouches for. A kind that something else must vouch for, in this mode, does not compile here. */
export const vouchedByLink = <Mode extends AuthenticationMode>(
  _message: MessageWith<{ vouched: 'link' } | { mode: Exclude<AuthenticationMode, Mode> }>,
): null => null
