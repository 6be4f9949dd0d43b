package io.hadal.engine.constraint;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A non-deterministic automaton over characters under construction. Each state has one move on
 * characters, or up to two moves without.
 */
final class CharacterAutomaton {
  private static final int MOST_STATES = 100_000;

  private @Nullable CharacterSet[] labels = new CharacterSet[64];
  private int[] targets = new int[64];
  private int[] others = new int[64];
  private int count;
  private int start;
  private int end;

  int state() {
    if (count >= MOST_STATES) {
      throw new GrammarException("the pattern is too long");
    }
    if (count == targets.length) {
      labels = Arrays.copyOf(labels, 2 * count);
      targets = Arrays.copyOf(targets, 2 * count);
      others = Arrays.copyOf(others, 2 * count);
    }
    targets[count] = -1;
    others[count] = -1;
    return count++;
  }

  /** Moves on from a state that has no move yet. */
  void move(int from, CharacterSet set, int to) {
    labels[from] = set;
    targets[from] = to;
  }

  /** Adds a move without character. */
  void skip(int from, int to) {
    int at = from(from);
    targets[at] = to;
  }

  /** A state without a move that is reached from a state without a character. */
  int from(int state) {
    int at = state;
    while (targets[at] >= 0 || labels[at] != null) {
      if (labels[at] != null) {
        // Shift the labelled move into a state of its own.
        int moved = state();
        labels[moved] = labels[at];
        targets[moved] = targets[at];
        labels[at] = null;
        targets[at] = moved;
      }
      if (others[at] < 0) {
        int fresh = state();
        others[at] = fresh;
        return fresh;
      }
      at = others[at];
    }
    return at;
  }

  /** Adds ways from one state to another that spell an expression. */
  void add(Expression expression, int from, int to) {
    switch (expression) {
      case Expression.Characters c -> move(from(from), c.set(), to);
      case Expression.Sequence s -> {
        int at = from;
        for (Expression part : s.parts()) {
          int next = state();
          add(part, at, next);
          at = next;
        }
        skip(at, to);
      }
      case Expression.Choice c -> {
        for (Expression option : c.options()) {
          int first = state();
          skip(from, first);
          add(option, first, to);
        }
      }
      case Expression.Repeat r -> repeat(r, from, to);
      case Expression.Words w -> {
        for (byte[] word : w.words()) {
          int at = state();
          skip(from, at);
          for (int c : new String(word, StandardCharsets.UTF_8).codePoints().toArray()) {
            int next = state();
            move(at, CharacterSet.range(c, c), next);
            at = next;
          }
          skip(at, to);
        }
      }
      default -> throw new IllegalArgumentException("no part of a pattern: " + expression);
    }
  }

  private void repeat(Expression.Repeat r, int from, int to) {
    if (r.most() >= 0 && r.most() < r.least()) {
      return;
    }
    int at = state();
    skip(from, at);
    for (int i = 0; i < r.least(); i++) {
      int next = state();
      add(r.body(), at, next);
      at = next;
    }
    if (r.most() < 0) {
      int loop = state();
      skip(at, loop);
      int back = state();
      add(r.body(), loop, back);
      skip(back, loop);
      skip(loop, to);
      return;
    }
    for (int i = r.least(); i < r.most(); i++) {
      skip(at, to);
      int next = state();
      add(r.body(), at, next);
      at = next;
    }
    skip(at, to);
  }

  CharacterAutomaton between(int first, int last) {
    start = first;
    end = last;
    return this;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  @Nullable CharacterSet label(int state) {
    return labels[state];
  }

  int target(int state) {
    return targets[state];
  }

  /** Adds everything reachable without characters; returns the size of the set. */
  int close(BitSet set) {
    int[] todo = set.stream().toArray();
    int n = todo.length;
    todo = Arrays.copyOf(todo, Math.max(16, 2 * n));
    int size = n;
    while (n > 0) {
      int s = todo[--n];
      if (labels[s] != null) {
        continue;
      }
      for (int k = 0; k < 2; k++) {
        int to = k == 0 ? targets[s] : others[s];
        if (to >= 0 && !set.get(to)) {
          set.set(to);
          size++;
          if (n == todo.length) {
            todo = Arrays.copyOf(todo, 2 * n);
          }
          todo[n++] = to;
        }
      }
    }
    return size;
  }
}
