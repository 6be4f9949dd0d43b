package io.hadal.formats.tokenizer;

import io.hadal.formats.FormatException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Collects the merges of a vocabulary in rank order and checks them against its tokens. */
final class MergeRules {
  private final String source;
  private final Vocabulary vocabulary;
  private final LongIntTable ranks;
  private final int[] mergedIds;
  // Ids that merges so far have as a part.
  private final BitSet used = new BitSet();
  private boolean ordered = true;
  private int count;

  MergeRules(String source, Vocabulary vocabulary, int capacity) {
    this.source = source;
    this.vocabulary = vocabulary;
    ranks = new LongIntTable(capacity);
    mergedIds = new int[capacity];
  }

  /** Adds a merge written as {@code "left right"}. */
  void add(String merge) {
    int space = merge.indexOf(' ');
    if (space <= 0 || space == merge.length() - 1 || merge.indexOf(' ', space + 1) >= 0) {
      throw new FormatException(
          source, field() + " = " + Quote.of(merge) + " is not two tokens and a space between");
    }
    add(merge.substring(0, space), merge.substring(space + 1));
  }

  void add(String left, String right) {
    int leftId = ordinary(left);
    int rightId = ordinary(right);
    int merged = ordinary(left + right);
    if (ranks.putIfAbsent(MergeTable.pair(leftId, rightId), count) != LongIntTable.ABSENT) {
      throw new FormatException(source, field() + " repeats an earlier merge");
    }
    // A token that a merge has used must not be made by a later one.
    ordered &= !used.get(merged);
    used.set(leftId);
    used.set(rightId);
    mergedIds[count++] = merged;
  }

  /**
   * @param ignoreMerges whether a piece that is a token as a whole is not merged
   */
  BytePairEncoder encoder(boolean ignoreMerges) {
    int[] byteIds = new int[256];
    Arrays.fill(byteIds, -1);
    Map<String, Integer> wholePieces = new HashMap<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      // Only tokens written in the byte alphabet can come from text.
      byte[] bytes = ByteAlphabet.toBytes(vocabulary.token(id));
      if (bytes == null || bytes.length == 0 || !vocabulary.isOrdinary(id)) {
        continue;
      }
      if (bytes.length == 1) {
        byteIds[bytes[0] & 0xFF] = id;
      }
      if (ignoreMerges) {
        wholePieces.put(ByteAlphabet.key(bytes, bytes.length), id);
      }
    }
    for (int b = 0; b < 256; b++) {
      boolean inUtf8 = b < 0xC0 || (b >= 0xC2 && b <= 0xF4);
      if (inUtf8 && byteIds[b] < 0) {
        throw new FormatException(
            source,
            String.format(
                "the vocabulary has no token for byte 0x%02X (\"%c\"); byte-level BPE needs all",
                b, ByteAlphabet.toChar(b)));
      }
    }
    return new BytePairEncoder(
        byteIds, new MergeTable(ranks, mergedIds, ordered), ignoreMerges ? wholePieces : null);
  }

  private int ordinary(String token) {
    OptionalInt id = vocabulary.id(token);
    if (id.isEmpty()) {
      throw new FormatException(
          source, field() + " uses " + Quote.of(token) + ", which is not in the vocabulary");
    }
    if (vocabulary.added.get(id.getAsInt())) {
      throw new FormatException(
          source,
          field() + " uses the added token " + Quote.of(token) + "; plain text could forge it");
    }
    return id.getAsInt();
  }

  private String field() {
    return "merges[" + count + "]";
  }
}
