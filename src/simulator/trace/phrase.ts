/** A part of a sentence about a run, with the rule of PROTOCOL.md that it follows. */
import type { Batch } from '../../messages/batch.ts'
import { shortDigest } from './moment.ts'

/** The rules that explanations name, each with words of its text, so that a test finds a rule that has moved. */
export const NAMED_RULES = {
  '1.1': 'Carries its client',
  '1.2': 'PRE-PREPARE(v, s, D)',
  '1.3': 'PREPARE(v, s, D, i)',
  '1.4': 'COMMIT(v, s, D, i)',
  '1.5': 'is **evidence**',
  '1.6': 'strictly in order of s',
  '1.7': 'authenticates **one root**',
  '1.9': 'waiting entries are',
  '1.10': 'propose while',
  '1.11': 'sends STATUS',
  '2.1': 'CHECKPOINT(s, root, i)',
  '2.2': 'h moves as soon as a stable certificate is seen',
  '2.5': 'Fetch pages by hash',
  '2.8': 'certificates and decisions are served on request',
  '3.1': "VIEW-CHANGE(v', h, C, P, i)",
  '3.3': "NEW-VIEW(v', V, O)",
  '3.4': 'Backups validate every VIEW-CHANGE in V',
  '3.5': 'missing ones above h are fetched by digest',
  '3.6': 'Expiry without a valid',
  '3.7': 'when the W-th largest of those views is above mine',
  '4.1': 'the latest view in which it pre-prepared it here',
  '4.2': "VIEW-CHANGE(v', h, C, P, Qset, i)",
  '4.3': 'VIEW-CHANGE-ACK',
  '4.7': 'NEW-VIEW carries (sender, digest) pairs',
  '4.8': 'a decision is accepted on W equal claims',
  '4.10': 'it must sign',
  '5.4': 'a primary can sit just under the timer',
  '6': 'this is on disk',
  '6.2': 'replay; a primary sends its logged',
  '6.4': 'synced data is missing',
  '6.5': 'first\n   logs a **limit**',
} as const

export type RuleTag = keyof typeof NAMED_RULES

export interface Phrase {
  readonly text: string
  /** The part of the text behind "sends all", for a list of what is sent alike. */
  readonly sent?: string
  readonly rule: RuleTag
}

export const placeText = (view: number, sequence: number, digest: Uint8Array): string =>
  `${sequence} in view ${view}, batch ${shortDigest(digest)}`

/** A batch; the null batch and a clock batch have no request. */
export function batchText({ time, requests, digest }: Pick<Batch, 'time' | 'requests' | 'digest'>): string {
  if (time === 0) return 'the null batch'
  return `batch ${shortDigest(digest)} of ${countText({ requests })}`
}

export const countText = ({ requests: { length } }: Pick<Batch, 'requests'>): string =>
  `${length} ${length === 1 ? 'request' : 'requests'}`

export const replicasText = (ids: readonly number[]): string =>
  ids.length === 1 ? `replica ${ids[0]}` : `replicas ${ids.slice(0, -1).join(', ')} and ${ids.at(-1)}`
