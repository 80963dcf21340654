// What went wrong, in words for whoever gave the image or the request.

export class PageError extends Error {
  /**
   * @param {string} message a whole sentence
   * @param {string} kind a short stable word, as `DecodeError.kind` in Python
   */
  constructor(message, kind = "request") {
    super(message);
    this.kind = kind;
  }
}
