/** More than anybody reads: what is broken tends to be found thousands of times. */
const KEPT = 100

/** What is not as promised, with the time and with what was being done to the server when it was found. */
export class Incidents {
  readonly list: string[] = []
  count = 0
  readonly #began = performance.now()
  readonly #underWay = new Set<string>()
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void = () => undefined) {
    this.#print = print
  }

  get underWay(): string {
    return [...this.#underWay].join(' + ') || 'nothing'
  }

  begin(what: string): void {
    this.#underWay.add(what)
  }

  end(what: string): void {
    this.#underWay.delete(what)
  }

  readonly report = (text: string): void => {
    this.count++
    if (this.list.length >= KEPT) return
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1)
    const line = `at ${seconds} s, under way: ${this.underWay}: ${text}`
    this.list.push(line)
    this.#print(line)
  }
}
