/** The server refuses the token, or the app gave none that could be one. */
export class Unauthorized extends Error {}
