// Morphemes by Brown's rules, from spelling alone: a word counts one, and one more for each bound inflection (plural and
// third person -s, possessive, -ed, -ing, and what is contracted to it). Irregular forms, compounds and diminutives are
// one. English only; how often spelling misleads is measured in the tests.

const CONTRACTED = /(?:n['’]t|['’](?:s|re|m|ll|ve|d))$/u;
const LOOKS_INFLECTED = new Set(
  // -s: belongs to the word itself
  ("always perhaps besides its his hers ours yours theirs this thus gas yes bus plus us was is has does goes news series species lens bias atlas " +
    "christmas texas paris james chris thanks bonus focus campus virus census status circus minus versus genius canvas sometimes " +
    "afterwards towards upwards downwards indoors outdoors nowadays alas chaos tennis physics mathematics politics economics " +
    "athletics gymnastics whereas famous themselves ourselves yourselves clothes pants jeans scissors glasses means kudos pros mars mercedes las los angeles orleans yes whatsoever unless " +
    // -ed: likewise
    "bed red need seed feed speed weed breed bleed shed sled shred hundred sacred naked wicked indeed exceed proceed succeed embed led fed fled ted fred bred sped " +
    // -ing: likewise
    "thing something nothing anything everything king ring sing bring spring string wing swing sting sling cling fling ding ping during evening morning " +
    "ceiling sibling darling pudding sterling viking beijing outing inning").split(" "));

/** How many morphemes `word` (in lower case, without punctuation) holds. */
export function morphemes(word) {
  const stem = word.replace(CONTRACTED, "");
  if (stem !== word) return stem ? 2 + bound(stem) : 1;
  return 1 + bound(word);
}

const bound = (word) => (LOOKS_INFLECTED.has(word) ? 0 : INFLECTED.some((shape) => shape.test(word)) ? 1 : 0);
const INFLECTED = [
  /[aeiouy].*ing$/u, // a vowel before it: "going", not "thing"
  /[aeiouy].*ed$/u, // "walked", not "red"
  /^..+[^siu]s$/u, // "dogs", not "glass", "virus" or "tennis"
];
