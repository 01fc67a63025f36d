#!/usr/bin/env node
/** The entry point of the command line: it handles uncaught errors, then loads the program and runs it. */
import { endOnBrokenPipe, fail } from './process-end.ts'

// An error that no command awaits, such as a socket error, ends the process like an awaited one.
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
endOnBrokenPipe()

// Loaded only here, so that a lack of file descriptors is reported like any other error.
const { runCommandLine } = await import('./command-line.ts')
const exitCode = await runCommandLine(process.argv.slice(2))
if (exitCode !== null) process.exit(exitCode)
