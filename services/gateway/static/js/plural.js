// "3 changes": the words in all plural forms come from the server, as data-one to data-other with {n} for the number.
export const counted = (words, count) => {
  const language = document.documentElement.lang;
  const text = words[new Intl.PluralRules(language).select(count)] ?? words.other;
  return text.replace("{n}", new Intl.NumberFormat(language).format(count));
};
