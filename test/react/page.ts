import { act, type ReactNode, startTransition } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { onTestFinished, vi } from 'vitest'

/** The part of an element that the tests touch: the project compiles without the DOM's types. */
interface TestElement extends Element {
  innerHTML: string
  textContent: string
}
declare const document: { createElement(name: string): TestElement }

// What React asks for, before it warns of updates outside of `act`.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

/** A React root in an element of its own, gone when the test is over. */
export class Page {
  readonly element = document.createElement('div')
  #root: Root | undefined

  async show(content: ReactNode): Promise<void> {
    await act(async () => {
      this.#mounted().render(content)
    })
  }

  /** As `show`, in many small steps, between which anything may happen. */
  async showInTransition(content: ReactNode): Promise<void> {
    await act(async () => {
      startTransition(() => {
        this.#mounted().render(content)
      })
    })
  }

  /** Takes over what a server has rendered. */
  async hydrate(html: string, content: ReactNode): Promise<void> {
    this.element.innerHTML = html
    await act(async () => {
      this.#root = hydrateRoot(this.element, content)
    })
    this.#disposeAfterTest()
  }

  /** As a page does: React renders when it likes. */
  showWithoutAct(content: ReactNode): void {
    const root = this.#mounted()
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false })
    // Finishers run last first: this one before the root is unmounted.
    onTestFinished(() => {
      Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
    })
    root.render(content)
  }

  async clear(): Promise<void> {
    await act(async () => this.#root?.unmount())
    this.#root = undefined
  }

  get text(): string {
    return this.element.textContent
  }

  #mounted(): Root {
    if (this.#root === undefined) {
      this.#root = createRoot(this.element)
      this.#disposeAfterTest()
    }
    return this.#root
  }

  #disposeAfterTest(): void {
    onTestFinished(() => this.clear())
  }
}

/** What React complains about, as of a hydration that did not match. */
export function complaints(): readonly unknown[][] {
  const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  onTestFinished(() => {
    spy.mockRestore()
  })
  return spy.mock.calls
}
