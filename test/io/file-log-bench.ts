/** Logs in directories of their own, with files that can be watched, held up and made to fail. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createFileLog, type FileLogReplay, openFileLog } from '../../src/io/file-log.ts'
import type { LogFailed } from '../../src/io/file-log-errors.ts'
import { type LogFile, type LogFiles, systemLogFiles } from '../../src/io/file-log-files.ts'
import type { LogBench } from '../conformance/log-suite.ts'

/** Real files that count, stop when the process is said to have ended, and fail when they are told to. */
export class WatchedFiles implements LogFiles {
  /** Paths of what was synced, in order. */
  readonly syncs: string[] = []
  readonly writes: string[] = []
  /** All operations in order, as `write <name> <offset>` and `sync <name>`. */
  readonly operations: string[] = []
  isDead = false
  /** The process ends when so many operations were begun. */
  operationsLeft = Number.POSITIVE_INFINITY
  readonly #running = new Set<Promise<void>>()
  /** The error of the next operation on a file whose path ends so. */
  failing: { readonly operation: 'write' | 'sync'; readonly suffix: string } | null = null

  write(file: LogFile, parts: readonly Uint8Array[], offset: number): Promise<void> {
    this.operations.push(`write ${basename(file.path)} ${offset}`)
    return this.perform('write', file.path, () => systemLogFiles.write(file, parts, offset))
  }

  sync(file: LogFile): Promise<void> {
    this.operations.push(`sync ${basename(file.path)}`)
    return this.perform('sync', file.path, () => systemLogFiles.sync(file))
  }

  /** Waits for what the system was asked to do before the process ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  /** Runs an operation, unless the process has ended or the disk fails. */
  async perform(operation: 'write' | 'sync', path: string, run: () => Promise<void>): Promise<void> {
    if (this.operationsLeft-- <= 0) this.isDead = true
    if (this.isDead) return new Promise(() => {})
    if (this.failing?.operation === operation && path.endsWith(this.failing.suffix)) {
      throw new Error('no space left on device')
    }
    const seen = operation === 'sync' ? this.syncs : this.writes
    seen.push(path)
    const running = run()
    this.#running.add(running)
    await running
    this.#running.delete(running)
    if (this.isDead) return new Promise(() => {})
  }
}

export const SMALL_SEGMENT_BYTES = 16 * 1024

/** A log in a temporary directory that `dispose` removes. */
export class FileLogBench implements LogBench {
  readonly #root = mkdtempSync(join(tmpdir(), 'strategos-log-'))
  readonly directory = join(this.#root, 'log')
  readonly segmentBytes: number
  readonly failures: LogFailed[] = []
  files = new WatchedFiles()
  #open: FileLogReplay | null = null

  constructor(segmentBytes = SMALL_SEGMENT_BYTES) {
    this.segmentBytes = segmentBytes
  }

  create(): Promise<void> {
    return createFileLog(this.directory, { segmentBytes: this.segmentBytes })
  }

  async open(): Promise<FileLogReplay> {
    this.files = new WatchedFiles()
    const { segmentBytes, files } = this
    const onFailure = (error: LogFailed) => this.failures.push(error)
    this.#open = await openFileLog(this.directory, { segmentBytes, files, onFailure })
    return this.#open
  }

  async crash(): Promise<void> {
    this.files.isDead = true
    this.#open = null
    await this.files.settled()
    // A process that ended leaves its lock; nobody is behind it any more.
    rmSync(this.path('lock'), { force: true })
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    await open?.log.close()
  }

  until<T>(outcome: Promise<T>): Promise<T> {
    return outcome
  }

  async dispose(): Promise<void> {
    await this.close()
    rmSync(this.#root, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  segments(): string[] {
    return readdirSync(this.directory)
      .filter((name) => name.endsWith('.segment'))
      .sort()
      .map((name) => this.path(name))
  }
}
