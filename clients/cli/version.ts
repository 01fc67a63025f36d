/** The version of the package that the program belongs to. */
import { readFileSync } from 'node:fs'

export const VERSION_FLAGS = ['-V', '--version'] as const

export function ownVersion(): string {
  const path = new URL('../../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version
}
