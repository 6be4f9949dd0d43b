package io.hadal.model.engram;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * The structural automaton of one timeline. Its state follows from the tokens alone; saved states
 * at regular positions keep short what must be read again after a cut or a fork.
 */
public final class StructuralTrace {
  /** Positions between saved states. */
  private static final int STRIDE = 64;

  private final CodeVocabulary vocabulary;
  private final StructuralAutomaton automaton;
  private final int[] fresh;
  // State before position i * STRIDE.
  private final List<int[]> saved;
  // Position of the token that the automaton reads next.
  private int position;

  public StructuralTrace(CodeVocabulary vocabulary) {
    this(vocabulary, new ArrayList<>());
  }

  private StructuralTrace(CodeVocabulary vocabulary, List<int[]> saved) {
    this.vocabulary = vocabulary;
    this.automaton = new StructuralAutomaton(vocabulary, Lexis.UNION);
    this.fresh = automaton.save();
    this.saved = saved;
  }

  /**
   * Features of consecutive positions.
   *
   * @param tokens token ids by position
   * @param out {@code [count, }{@link StructuralFeatures#COUNT}{@code ]}
   */
  public void features(IntUnaryOperator tokens, int start, int count, int[] out) {
    goTo(tokens, start);
    for (int i = 0; i < count; i++) {
      read(tokens);
      automaton.features(out, i * StructuralFeatures.COUNT);
    }
  }

  private void goTo(IntUnaryOperator tokens, int start) {
    if (position > start || start - position > STRIDE) {
      int known = Math.min(start / STRIDE, saved.size() - 1);
      if (position > start || known * STRIDE > position) {
        automaton.restore(known < 0 ? fresh : saved.get(known));
        position = Math.max(0, known) * STRIDE;
      }
    }
    while (position < start) {
      read(tokens);
    }
  }

  private void read(IntUnaryOperator tokens) {
    if (position % STRIDE == 0 && position / STRIDE == saved.size()) {
      saved.add(automaton.save());
    }
    automaton.accept(tokens.applyAsInt(position));
    position++;
  }

  /** Forgets positions from {@code length} on: other tokens may follow. */
  public void truncate(int length) {
    int kept = length / STRIDE + 1;
    if (kept < saved.size()) {
      saved.subList(kept, saved.size()).clear();
    }
    if (position > length) {
      position = Integer.MAX_VALUE;
    }
  }

  /** An independent copy. */
  public StructuralTrace fork() {
    return new StructuralTrace(vocabulary, new ArrayList<>(saved));
  }
}
