/** Logs in separate directories, with files that can be observed, delayed and made to fail. */
import { fstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { DirectoryInUse, type DirectoryLock, takeDirectoryLock } from '../../src/io/directory-lock.ts'
import { createFileLog, type FileLogReplay, openFileLog } from '../../src/io/file-log.ts'
import type { LogFailed } from '../../src/io/file-log-errors.ts'
import { type LogFile, type LogFiles, readInto, systemLogFiles } from '../../src/io/file-log-files.ts'
import type { LogBench } from '../conformance/log-suite.ts'

type Operation = 'write' | 'sync' | 'remove'

/** Real files that count operations, stop when the test ends the process, and fail on demand. */
export class WatchedFiles implements LogFiles {
  /** The synced paths, in order. */
  readonly syncs: string[] = []
  readonly writes: string[] = []
  /** All operations in order, as `write <name> <offset>`, `sync <name>` and `remove <name>`. */
  readonly operations: string[] = []
  isDead = false
  /** The number of started operations after which the process ends. */
  operationsLeft = Number.POSITIVE_INFINITY
  readonly #running = new Set<Promise<void>>()
  /** The error of the next operation on a file whose path ends so. */
  failing: { readonly operation: Operation; readonly suffix: string } | null = null
  #hold: Promise<void> = Promise.resolve()
  readonly #power: PowerFailure | null

  constructor(power: PowerFailure | null = null) {
    this.#power = power
  }

  write(file: LogFile, parts: readonly Uint8Array[], offset: number): Promise<void> {
    this.operations.push(`write ${basename(file.path)} ${offset}`)
    return this.perform('write', file.path, () => {
      this.#power?.beforeWrite(file)
      return systemLogFiles.write(file, parts, offset)
    })
  }

  sync(file: LogFile): Promise<void> {
    this.operations.push(`sync ${basename(file.path)}`)
    return this.perform('sync', file.path, async () => {
      await systemLogFiles.sync(file)
      this.#power?.afterSync(file)
    })
  }

  remove(path: string): Promise<void> {
    this.operations.push(`remove ${basename(path)}`)
    return this.perform('remove', path, () => {
      this.#power?.beforeRemove(path)
      return systemLogFiles.remove(path)
    })
  }

  /** Holds up everything from now on, until the function that it gives is called. */
  holdUp(): () => void {
    let release = () => {}
    this.#hold = new Promise((resolve) => {
      release = resolve
    })
    return release
  }

  /** Waits for the operations that were started before the process ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  /** Runs an operation, unless the process has ended or the disk fails. */
  async perform(operation: Operation, path: string, run: () => Promise<void>): Promise<void> {
    if (this.operationsLeft-- <= 0) this.isDead = true
    if (this.isDead) return new Promise(() => {})
    await this.#hold
    if (this.failing?.operation === operation && path.endsWith(this.failing.suffix)) {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { syscall: operation })
    }
    if (operation === 'sync') this.syncs.push(path)
    if (operation === 'write') this.writes.push(path)
    const running = run()
    this.#running.add(running)
    await running
    this.#running.delete(running)
    if (this.isDead) return new Promise(() => {})
  }
}

/** The operations that a power failure undoes: writes that were not synced, and deletions. For small files. */
export class PowerFailure {
  /** The synced bytes of files that were written since, by the file's inode, which survives a rename. */
  readonly #unsynced = new Map<number, Uint8Array>()
  readonly #removed = new Map<string, Uint8Array>()

  beforeWrite({ descriptor }: LogFile): void {
    const { ino, size } = fstatSync(descriptor)
    if (this.#unsynced.has(ino)) return
    const bytes = new Uint8Array(size)
    readInto(descriptor, bytes, 0)
    this.#unsynced.set(ino, bytes)
  }

  afterSync({ descriptor }: LogFile): void {
    this.#unsynced.delete(fstatSync(descriptor).ino)
  }

  beforeRemove(path: string): void {
    this.#removed.set(path, readFileSync(path))
  }

  strike(directory: string): void {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name)
      const synced = this.#unsynced.get(statSync(path).ino)
      if (synced !== undefined) writeFileSync(path, synced)
    }
    for (const [path, bytes] of this.#removed) writeFileSync(path, bytes)
  }
}

export const SMALL_SEGMENT_BYTES = 16 * 1024

/** A log in a temporary directory that `dispose` removes. */
export class FileLogBench implements LogBench {
  readonly #root = mkdtempSync(join(tmpdir(), 'strategos-log-'))
  readonly directory = join(this.#root, 'log')
  readonly segmentBytes: number
  readonly failures: LogFailed[] = []
  /** True if a crash is a power failure, and not only the end of the process. */
  isPowerLost = false
  files = new WatchedFiles()
  #power = new PowerFailure()
  #open: FileLogReplay | null = null
  #lock: Promise<DirectoryLock> | null = null

  constructor(segmentBytes = SMALL_SEGMENT_BYTES) {
    this.segmentBytes = segmentBytes
  }

  async create(): Promise<void> {
    await createFileLog(this.directory, { lock: await this.lock(), segmentBytes: this.segmentBytes })
  }

  /** The lock of the directory that the log's is in: taken once, and held through crashes. */
  lock(): Promise<DirectoryLock> {
    this.#lock ??= takeDirectoryLock(join(this.#root, 'lock'), (holder) => new DirectoryInUse(holder))
    return this.#lock
  }

  async open(): Promise<FileLogReplay> {
    this.#power = new PowerFailure()
    this.files = new WatchedFiles(this.isPowerLost ? this.#power : null)
    const { segmentBytes, files } = this
    const onFailure = (error: LogFailed) => this.failures.push(error)
    this.#open = await openFileLog(this.directory, {
      ...{ lock: await this.lock(), segmentBytes, files, onFailure },
    })
    return this.#open
  }

  async crash(): Promise<void> {
    this.files.isDead = true
    this.#open = null
    await this.files.settled()
    this.#power.strike(this.directory)
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
    await (await this.#lock)?.release()
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
