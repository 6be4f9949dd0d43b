package io.hadal.model.engram;

/**
 * The structural hash channels of the code-specialised Engram (engram spec 10.4): what of a
 * position's {@link StructuralFeatures} is hashed. The order gives the seeds and must stay.
 */
public enum CodeChannel {
  /** Syntax: abstractions of the last three significant tokens. */
  S3(4),
  /** The same with four. */
  S4(5),
  /** Indentation, at the first token of a line only. */
  I(4),
  /** Innermost bracket, what it belongs to, and the argument. */
  B(4),
  /** Token and enclosing constructs. */
  A(4);

  /** Numbers above the canonical ids that stand for other things than tokens. */
  static final int EXTRA_IDS = 64;

  private static final int LEVELS = 0;
  private static final int DELTAS = LEVELS + StructuralFeatures.MAX_LEVEL + 1;
  private static final int BRACKETS = DELTAS + StructuralFeatures.DELTAS;
  private static final int MODES = BRACKETS + StructuralFeatures.BRACKETS;
  private static final int ARGUMENTS = MODES + LexicalMode.values().length;
  private static final int ABSTRACTIONS = ARGUMENTS + StructuralFeatures.MAX_ARGUMENT + 1;

  private final int length;

  CodeChannel(int length) {
    this.length = length;
  }

  /** Numbers in a tuple. */
  int length() {
    return length;
  }

  /** Seed of the multipliers of a layer; the token n-grams are channel 0. */
  long seed(int layer) {
    return 10007L * layer + 1000003L * (ordinal() + 1);
  }

  /** Whether a position has a tuple of this channel. */
  boolean isPresent(int[] features, int at) {
    return this != I || features[at + StructuralFeatures.LINE_START] != 0;
  }

  /**
   * Writes the tuple of a position, most recent first.
   *
   * @param at index of the position's features
   * @param tuple receives {@link #length} ids below {@code vocabulary.size() + }{@value #EXTRA_IDS}
   */
  void tuple(CodeVocabulary vocabulary, int[] features, int at, int[] tuple) {
    int extra = vocabulary.size();
    switch (this) {
      case S3, S4 -> {
        for (int i = 0; i < length - 1; i++) {
          int token = features[at + StructuralFeatures.LAST + i];
          tuple[i] = id(vocabulary.abstraction(token), extra);
        }
        tuple[length - 1] = extra + MODES + features[at + StructuralFeatures.MODE];
      }
      case I -> {
        tuple[0] = extra + DELTAS + features[at + StructuralFeatures.DELTA];
        tuple[1] = extra + LEVELS + features[at + StructuralFeatures.LEVEL];
        tuple[2] = id(features[at + StructuralFeatures.PREVIOUS_HEAD], extra);
        tuple[3] = id(features[at + StructuralFeatures.BLOCK_HEAD], extra);
      }
      case B -> {
        tuple[0] = id(features[at + StructuralFeatures.TOKEN], extra);
        tuple[1] = extra + BRACKETS + features[at + StructuralFeatures.BRACKET];
        tuple[2] = id(features[at + StructuralFeatures.INTRODUCER], extra);
        tuple[3] = extra + ARGUMENTS + features[at + StructuralFeatures.ARGUMENT];
      }
      case A -> {
        tuple[0] = id(features[at + StructuralFeatures.TOKEN], extra);
        tuple[1] = id(features[at + StructuralFeatures.LAST + 1], extra);
        tuple[2] = id(features[at + StructuralFeatures.BLOCK_HEAD], extra);
        tuple[3] = id(features[at + StructuralFeatures.OUTER_BLOCK_HEAD], extra);
      }
    }
  }

  /** Canonical ids stay; "no token" and the abstractions are negative and move above them. */
  private static int id(int canonical, int extra) {
    return canonical >= 0 ? canonical : extra + ABSTRACTIONS - 1 - canonical;
  }
}
