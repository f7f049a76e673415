/** Said for good: the same would be answered again. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}
