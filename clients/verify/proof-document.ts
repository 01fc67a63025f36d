/**
 * The form in which a proof travels: one JSON document. It names its kind and version and the cluster that it is about,
 * says in `says` what it proves, for people, and holds the signed bytes in base64. Nothing of `says` is believed: a
 * verifier derives all of it from the bytes, and refuses a document that says anything else. A member that the form does
 * not have is refused too.
 */
import { fromBase64 } from '../../src/base/base64.ts'
import { equalBytes, fromHex } from '../../src/base/bytes.ts'
import { expectSignatures, type ProofContext } from './proof-context.ts'
import { refuse } from './refusal.ts'

/** The version of each kind of document. A verifier refuses others. */
export const DOCUMENT_VERSION = 1

/** A kind of document, and the names of its members that hold bytes. */
export interface DocumentForm {
  readonly kind: string
  readonly members: readonly string[]
}

type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (json: unknown): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/** Returns the kind that a document names; null if it names none. */
export const documentKind = (json: unknown): string | null =>
  isObject(json) && typeof json['strategos'] === 'string' ? json['strategos'] : null

/** Reads a document of this form, of this cluster. Refuses anything else. */
export function openDocument(context: ProofContext, form: DocumentForm, json: unknown): JsonObject {
  if (!isObject(json)) return refuse('form', 'it is not a JSON object')
  if (json['strategos'] !== form.kind) refuse('form', `it is not marked as "${form.kind}"`)
  if (json['version'] !== DOCUMENT_VERSION) {
    refuse(
      'version',
      `it is of version ${shown(json['version'])}, and this program knows ${DOCUMENT_VERSION}`,
    )
  }
  const names = ['strategos', 'version', 'clusterId', 'says', ...form.members]
  for (const name of names) if (json[name] === undefined) refuse('form', `it has no "${name}"`)
  const other = Object.keys(json).find((name) => !names.includes(name))
  if (other !== undefined) refuse('form', `it has a member "${other.slice(0, 40)}", which is not of its form`)
  if (!isObject(json['says'])) refuse('form', 'its "says" is not an object')
  expectSignatures(context)
  const clusterId = typeof json['clusterId'] === 'string' ? fromHex(json['clusterId']) : null
  if (clusterId === null) return refuse('form', 'its "clusterId" is not hexadecimal')
  if (!equalBytes(clusterId, context.cluster.clusterId))
    refuse('other-cluster', 'it is about another cluster')
  return json
}

/** Returns the bytes of a base64 text. `name` is where it stands. */
export function bytesIn(name: string, text: unknown, bytesMax: number): Uint8Array {
  if (typeof text !== 'string') return refuse('form', `its "${name}" is not a text`)
  if (text.length > 4 * Math.ceil(bytesMax / 3)) refuse('form', `its "${name}" is too long`)
  return fromBase64(text) ?? refuse('form', `its "${name}" is not base64`)
}

/** Returns a list of byte strings in base64. */
export function byteListIn(
  name: string,
  list: unknown,
  most: { readonly items: number; readonly bytes: number },
): readonly Uint8Array[] {
  if (!Array.isArray(list)) return refuse('form', `its "${name}" is not a list`)
  if (list.length > most.items) refuse('form', `its "${name}" has more than ${most.items} items`)
  return list.map((text, index) => bytesIn(`${name}.${index}`, text, most.bytes))
}

/** Refuses what is said in words unless it is exactly what the bytes say. */
export function expectSaid(said: unknown, derived: unknown, at = 'says'): void {
  if (Object.is(said, derived)) return
  const isSameForm = Array.isArray(said) === Array.isArray(derived)
  if (isSameForm && isMembered(said) && isMembered(derived)) {
    for (const name of new Set([...Object.keys(said), ...Object.keys(derived)])) {
      expectSaid(said[name], derived[name], `${at}.${name}`)
    }
    return
  }
  refuse('says', `it says ${shown(said)} at "${at.slice(0, 60)}", and its bytes say ${shown(derived)}`)
}

const isMembered = (json: unknown): json is JsonObject => typeof json === 'object' && json !== null

function shown(json: unknown): string {
  const text = json === undefined ? 'nothing' : JSON.stringify(json)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
