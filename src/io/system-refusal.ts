/** Why the system refused a file or a directory, for a person: the reason, and what to do. */

interface Refusal {
  readonly pattern: RegExp
  /** A sentence without its beginning: "… because …". */
  readonly reason: string
  /** A sentence without its full stop. */
  readonly remedy: string
}

const ROOM = 'Make room on this disk'

const REFUSALS: readonly Refusal[] = [
  {
    pattern: /EROFS|read-only file system/i,
    reason: 'the file system is read-only',
    remedy: 'Mount it so that it can be written',
  },
  {
    pattern: /EACCES|EPERM|permission denied|not permitted/i,
    reason: 'this user has no right to write there',
    remedy: 'Change the owner or the mode of the directory',
  },
  { pattern: /ENOSPC|no space left/i, reason: 'there is no space left', remedy: ROOM },
  { pattern: /EDQUOT|quota/i, reason: 'the quota of this user is used up', remedy: ROOM },
  { pattern: /EFBIG|file too large/i, reason: 'a file would be too large', remedy: ROOM },
  {
    pattern: /EMFILE|ENFILE|too many open files/i,
    reason: 'too many files are open',
    remedy: 'Raise the limit of open files (ulimit -n)',
  },
  {
    pattern: /ENOLCK|no locks available|ENOTSUP|not supported|ENOSYS|not implemented/i,
    reason: 'this file system has no locks',
    remedy: 'Use another file system',
  },
  {
    pattern: /ENOTDIR|not a directory/i,
    reason: 'a file stands where a directory belongs',
    remedy: 'Move the file away',
  },
  {
    pattern: /ENAMETOOLONG|name too long/i,
    reason: 'its path is too long',
    remedy: 'Choose a shorter path',
  },
  {
    pattern: /EIO\b|input\/output error/i,
    reason: 'the disk fails to read or write',
    remedy: 'Check this disk',
  },
]

/** The innermost message of an error: the database wraps what the system said. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? causeOf(error.cause) : error.message
}

/** The reason and the remedy, or null for what a person cannot mend. */
export function refusalOf(error: unknown): Pick<Refusal, 'reason' | 'remedy'> | null {
  const text = causeOf(error)
  return REFUSALS.find(({ pattern }) => pattern.test(text)) ?? null
}
