/** Bytes as the gateway's documents write them. Text that is no such bytes stands for none, and proves nothing. */
import { fromBase64 } from '../../../../src/base/base64.ts'
import { fromHex } from '../../../../src/base/bytes.ts'

const NO_BYTES = new Uint8Array(0)

export const bytesOfBase64 = (text: string): Uint8Array => fromBase64(text) ?? NO_BYTES

export const bytesOfHex = (text: string): Uint8Array => fromHex(text) ?? NO_BYTES
