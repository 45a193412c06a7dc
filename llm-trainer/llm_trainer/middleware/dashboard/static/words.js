// Tokenisation, version 1: NFKC, lower case, letters and digits with inner apostrophes; punctuation counts for nothing.

const WORD = /[\p{L}\p{N}]+(?:['’]\p{L}+)*/gu;

export const words = (text) => (text ?? "").normalize("NFKC").toLowerCase().match(WORD) ?? [];

/** How many utterances a reply holds: its sentences with at least one word in them. */
export const utterances = (text) => (text ?? "").split(/[.?!…]+/u).filter((part) => words(part).length).length;

/** Length of the longest common subsequence of two lists of words. */
export function commonWords(a, b) {
  let row = new Uint16Array(b.length + 1);
  for (const word of a) {
    const next = new Uint16Array(b.length + 1);
    for (let j = 1; j <= b.length; j++) next[j] = b[j - 1] === word ? row[j - 1] + 1 : Math.max(row[j], next[j - 1]);
    row = next;
  }
  return row[b.length];
}

/** The share of a reply's words that are the teacher's, in the teacher's order. */
export const echo = (reply, line) => (reply.length ? commonWords(reply, line) / reply.length : 0);

/**
 * How a reply stands to the line it answers: "silent", "imitation" (four fifths of two or more words are the
 * teacher's), "ambiguous" (one word, and the teacher's) or "spontaneous".
 */
export function kindOfReply(reply, echoed) {
  if (reply.length === 0) return "silent";
  if (reply.length === 1) return echoed ? "ambiguous" : "spontaneous";
  return echoed >= 0.8 ? "imitation" : "spontaneous";
}
