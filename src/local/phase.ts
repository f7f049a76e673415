/** What the server is doing; everything but `serving` makes `/health` answer 503. */
export type Phase = 'starting' | 'serving' | 'draining'
