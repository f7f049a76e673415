/** A failure that the user can do something about: printed as one line, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number

  /** @param exitCode 1; 2 of a command for which 1 is an answer */
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
