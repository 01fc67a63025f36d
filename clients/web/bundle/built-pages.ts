/** The built pages: each is one file that needs nothing else. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The facts of a built page, as the build found them. */
export interface BuiltPage {
  readonly name: string
  /** The policy that it stands under. */
  readonly policy: string
  /** Bytes of the file, and of its script before it was made small: by the room that they come from. */
  readonly bytes: number
  readonly rooms: Readonly<Record<string, number>>
}

/** The folder of the built pages, and the file of their facts. */
export const PAGES_FOLDER: string = join(import.meta.dirname, '..')
export const FACTS_FILE: string = join(PAGES_FOLDER, 'pages.json')

export const pagePath = (name: string): string => join(PAGES_FOLDER, `${name}.html`)

export const builtPages = (): readonly BuiltPage[] => JSON.parse(readFileSync(FACTS_FILE, 'utf8'))

/** Returns a page as it was built, with the policy to send with it. */
export function builtPage(name: string): { readonly html: string; readonly policy: string } {
  const facts = builtPages().find((each) => each.name === name)
  if (facts === undefined) throw new Error(`the page ${name} is not among those that were built`)
  return { html: readFileSync(pagePath(name), 'utf8'), policy: facts.policy }
}
