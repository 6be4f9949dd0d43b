package io.hadal.formats.prompt;

import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Token ids of a rendered prompt. Added tokens come out of trusted segments only, so text of users
 * and tools cannot speak for the system; ordinary text is encoded across the segments' borders.
 * Immutable and safe for concurrent use.
 */
public final class SegmentTokenizer {
  private final Tokenizer tokenizer;

  /** Ids of added tokens by their first char, longest text first. */
  private final Map<Character, List<Integer>> added = new HashMap<>();

  public SegmentTokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      if (tokenizer.isAdded(id)) {
        added.computeIfAbsent(tokenizer.token(id).charAt(0), c -> new ArrayList<>()).add(id);
      }
    }
    Comparator<Integer> longestFirst =
        Comparator.comparingInt((Integer id) -> tokenizer.token(id).length()).reversed();
    added.values().forEach(ids -> ids.sort(longestFirst));
  }

  /** Ids of the segments in order. */
  public int[] encode(List<PromptSegment> segments) {
    IntStream.Builder ids = IntStream.builder();
    StringBuilder ordinary = new StringBuilder();
    for (PromptSegment segment : segments) {
      if (segment.trusted()) {
        markup(segment.text(), ordinary, ids);
      } else {
        ordinary.append(segment.text());
      }
    }
    flush(ordinary, ids);
    return ids.build().toArray();
  }

  private void markup(String text, StringBuilder ordinary, IntStream.Builder ids) {
    int i = 0;
    while (i < text.length()) {
      int id = addedAt(text, i);
      if (id < 0) {
        ordinary.append(text.charAt(i++));
      } else {
        flush(ordinary, ids);
        ids.add(id);
        i += tokenizer.token(id).length();
      }
    }
  }

  /** The longest added token that starts here, or -1. */
  private int addedAt(String text, int at) {
    for (int id : added.getOrDefault(text.charAt(at), List.of())) {
      if (text.startsWith(tokenizer.token(id), at)) {
        return id;
      }
    }
    return -1;
  }

  private void flush(StringBuilder ordinary, IntStream.Builder ids) {
    for (int id : tokenizer.encode(ordinary, false)) {
      ids.add(id);
    }
    ordinary.setLength(0);
  }
}
