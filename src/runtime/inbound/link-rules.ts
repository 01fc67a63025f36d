/** The rules for which kinds of message may arrive over which link. */
import type { Peer } from '../../base/peer.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { factsOf } from '../../messages/kinds.ts'
import type { Message, MessageWith } from '../../messages/message.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'

/** Returns a fault if the link does not carry this kind of message in this mode; else null. */
export function linkFault(message: Message, from: Peer, mode: AuthenticationMode): Rejection | null {
  const { author, vouched, mode: ofMode } = factsOf(message.kind)
  if (from.kind === 'client' && author !== 'client') return rejection('kind-not-for-this-link')
  if (ofMode !== 'both' && ofMode !== mode) return modeFault(message, mode)
  if ('sender' in message) {
    // Only its receiver can check a MAC, so a message with one is accepted from its author only. @rule 4.8
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

/** Accepts a message that its link vouches for. Other kinds do not compile here. */
export const vouchedByLink = <Mode extends AuthenticationMode>(
  _message: MessageWith<{ vouched: 'link' } | { mode: Exclude<AuthenticationMode, Mode> }>,
): null => null
