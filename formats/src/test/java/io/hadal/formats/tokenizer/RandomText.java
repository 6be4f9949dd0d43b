package io.hadal.formats.tokenizer;

import java.util.Random;

/** Random texts that mix the character classes of pre-tokenisation. */
final class RandomText {
  private static final String[] FRAGMENTS = {
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u3000",
    "\u0085",
    "\u2028",
    "\u200b",
    "\ufeff",
    "a",
    "Z",
    "é",
    "e\u0301",
    "\u0301",
    "ß",
    "word",
    "don't",
    "'s",
    "漢",
    "字",
    "か",
    "カ",
    "\u3040",
    "\u3099",
    "゛",
    "゠",
    "・",
    "ー",
    "龥",
    "龦",
    "\u3100",
    "가",
    "1",
    "42",
    "2024",
    "٣",
    "Ⅷ",
    "½",
    "𝟘",
    "〇",
    "(",
    ")",
    "()",
    "{",
    "};",
    "_",
    "$",
    "+",
    "<",
    ">",
    "=",
    "``",
    "…",
    "“",
    "€",
    "😀",
    "👩‍👩‍👧",
    "🏽",
    "𐍈",
    "𠀀",
    "\u0000",
    "\u0007",
    "\u001c",
    "\ue000",
    "\udb80\udc00",
    "<think>",
    "</think>",
    "<｜User｜>",
    "<｜",
    "｜>",
    "｜DSML｜",
    "<｜end▁of▁sentence｜>",
    "▁",
  };

  private RandomText() {}

  /** Up to {@code maxParts} fragments and arbitrary code points; no lone surrogates. */
  static String next(Random random, int maxParts) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(maxParts + 1);
    for (int i = 0; i < parts; i++) {
      switch (random.nextInt(8)) {
        case 0 -> appendCodePoint(text, random.nextInt(0x110000));
        case 1 -> appendCodePoint(text, random.nextInt(0x10000));
        case 2 -> text.append((char) random.nextInt(0x250));
        default -> text.append(FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
      }
    }
    return text.toString();
  }

  private static void appendCodePoint(StringBuilder text, int c) {
    if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
      text.appendCodePoint(c);
    }
  }
}
