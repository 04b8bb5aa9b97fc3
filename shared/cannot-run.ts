// Why a command can't do its work at all, in a sentence: it goes to stderr, and the exit code is 2.

export class CannotRun extends Error {
  override readonly name = "CannotRun";
}
