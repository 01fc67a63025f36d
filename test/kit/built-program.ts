/**
 * Makes tests import the built program instead of its sources: they then judge the code that users run, and Node.js
 * loads it faster than the test runner loads rewritten modules.
 */
import { dirname, join, relative, resolve } from 'node:path'

/** The root directory of the program, which contains this file. */
export const ROOT: string = join(import.meta.dirname, '..', '..')

/** For a configuration's `server.deps.external`: the modules that Node.js loads directly. */
export const BUILT_PROGRAM: RegExp = /\/dist\//u

/** The path of a source file's compiled form; both are relative to the root. */
export const builtFile = (path: string): string => join('dist', path.replace(/\.ts$/u, '.js'))

/** The sources of the pages: a bundler makes one file of each page, and tests import them as they are. */
export const BROWSER_SOURCES = 'clients/web/browser/'

/** A plugin. */
export const builtProgram = {
  name: 'built-program',
  enforce: 'pre' as const,
  resolveId(source: string, importer: string | undefined): string | null {
    if (importer === undefined || !source.startsWith('.') || !source.endsWith('.ts')) return null
    const path = relative(ROOT, resolve(dirname(importer), source))
    if (path.startsWith(BROWSER_SOURCES)) return null
    return /^(src|attacks|clients|replicas)\//u.test(path) ? join(ROOT, builtFile(path)) : null
  },
}
