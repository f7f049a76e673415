import { Observable } from './observable.ts'

/** A screen reader is told once what came in so short a time; in milliseconds. */
const TOGETHER = 400
const MOST_AT_ONCE = 3

/** What a screen reader says, without being asked. */
export class Announcer extends Observable {
  text = ''
  #waiting: string[] = []

  say(text: string): void {
    if (this.#waiting.length === 0) {
      setTimeout(() => {
        this.#speak()
      }, TOGETHER)
    }
    this.#waiting.push(text)
  }

  #speak(): void {
    const said = this.#waiting.splice(0)
    const more = said.length - MOST_AT_ONCE
    this.text = [...said.slice(-MOST_AT_ONCE), ...(more > 0 ? [`And ${more} more.`] : [])].join(' ')
    this.changed()
  }
}
